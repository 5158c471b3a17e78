-- Mends what is wrong with the sample's leads: "npm run sample:mend" runs it.

-- blank_key: they get an id.
UPDATE leads SET person_id = 'lead-' || lpad(lead_no::text, 4, '0'), updated_at = now()
WHERE person_id IS NULL OR trim(person_id) = '';

-- too_long: an id of at most 150 bytes, an email of at most 254 characters.
UPDATE leads SET person_id = 'lead-' || lpad(lead_no::text, 4, '0'), updated_at = now()
WHERE octet_length(person_id) > 150;

UPDATE leads SET email = 'lead.' || lead_no || '@example.net', updated_at = now()
WHERE length(email) > 254;

-- invalid_email: what was meant.
UPDATE leads SET email = 'lead.' || lead_no || '@example.net', updated_at = now()
WHERE email ~ '@@' OR email !~ '@';

-- belongs_to_another: the address is a customer's, so the lead needs one of their own.
UPDATE leads SET email = 'lead.' || lead_no || '@example.net', updated_at = now()
WHERE email IN (SELECT email FROM customers WHERE id::text <> coalesce(leads.person_id, ''));

-- already_set: the customer's address in the CRM is the one that counts.
UPDATE leads SET email = NULL, updated_at = now()
WHERE person_id IN (SELECT id::text FROM customers);
