/** One rule broken: what is found in an SQL text, and what is put there. */
export interface Mutant {
  rule: string;
  find: RegExp;
  put: string;
}

/** At least one for each rule of docs/semantics.md that SQL carries out. */
export const mutants: Mutant[] = [
  {
    rule: 'a blank key fails',
    find: /IS NULL OR inlet\.is_blank\(s\.c\d+\) THEN 'blank_key'/,
    put: "IS NULL THEN 'blank_key'",
  },
  {
    rule: 'a NULL key fails',
    find: /s\.c\d+ IS NULL OR (inlet\.is_blank\(s\.c\d+\)) THEN 'blank_key'/,
    put: "$1 THEN 'blank_key'",
  },
  { rule: 'NBSP is blank', find: /\\00A0/, put: '' },
  { rule: 'U+200B is not blank', find: /\\200A/, put: '\\200A\\200B' },
  { rule: 'ids are limited to 150', find: /octet_length\(cell\) > 150/, put: 'octet_length(cell) > 151' },
  {
    rule: 'the limit of ids is in bytes',
    find: /octet_length\(cell\) > 150/,
    put: 'char_length(cell) > 150',
  },
  { rule: 'emails are limited to 254', find: /char_length\(cell\) > 254/, put: 'char_length(cell) > 255' },
  {
    rule: 'too long comes before invalid',
    find: /(WHEN octet_length\(cell\) > 254 AND char_length\(cell\) > 254 THEN 'too_long') (WHEN NOT inlet.is_email\(cell\) THEN 'invalid_email')/,
    put: '$2 $1',
  },
  { rule: 'emails are valid', find: /WHEN NOT inlet.is_email\(cell\) THEN 'invalid_email'/, put: '' },
  { rule: 'quoted local parts are valid', find: /\|\| '\|"\(.*?\)\*"\)'/, put: "|| ')'" },
  { rule: 'domain literals are valid', find: /\|\| '\|\\\[.*?\\\]\)\$'/, put: "|| ')$'" },
  {
    rule: 'a cell that cannot be stored fails its row',
    find: /IS NOT NULL AND j\.j\d+ IS NULL THEN 'unstorable'/,
    put: "IS NULL AND false THEN 'unstorable'",
  },
  {
    rule: 'a row that fails by itself does not supersede',
    find: /(WITH sound AS[^]*?)WHERE \([^]*?\) IS NULL\n/,
    put: '$1',
  },
  {
    rule: 'the later row supersedes',
    find: /max\(n\) OVER \(PARTITION BY identity0\)([^]*)n < newest/,
    put: 'min(n) OVER (PARTITION BY identity0)$1n > newest',
  },
  {
    rule: 'superseded rows do nothing else',
    find: /SELECT n, place, 0 FROM ranked WHERE n < newest/,
    put: '$& AND false',
  },
  {
    rule: 'keys that are emails compare without case (superseding)',
    find: /lower\((s\.c\d+)\) AS identity0\n/,
    put: '$1 AS identity0\n',
  },
  {
    rule: 'keys that are emails compare without case (people)',
    find: /lower\(p\.email\) = (CASE WHEN i\.problem[^]*?)lower\(i\.key\)/,
    put: 'p.email = $1i.key',
  },
  {
    rule: 'add: someone who is there is skipped',
    find: /WHEN p\.person_id IS NOT NULL THEN 'skip'/,
    put: "WHEN p.person_id IS NOT NULL THEN 'update'",
  },
  { rule: 'update: nobody is added', find: /ELSE 'skip'\n/, put: "ELSE 'add'\n" },
  { rule: 'add: nobody is claimed', find: /(q\.\w+ IS NULL THEN) 'skip'/, put: "$1 'claim'" },
  {
    rule: 'a person without key is claimed',
    find: /WHEN q\.person_id IS NOT NULL AND q\.\w+ IS NULL THEN 'claim'/,
    put: '',
  },
  {
    rule: 'a person with another key is not claimed',
    find: /AND q\.\w+ IS NULL THEN 'claim'/,
    put: "THEN 'claim'",
  },
  {
    rule: 'a claim applies the attributes',
    find: /WHEN 'claim' THEN CASE [^]*? END\n/,
    put: "WHEN 'claim' THEN q.attributes\n",
  },
  { rule: 'a claim gives the key', find: /= coalesce\(p\.(\w+), c\.key\)/, put: '= p.$1' },
  {
    rule: 'the stored spelling of the key stays',
    find: /coalesce\(p\.email, c\.key\)/,
    put: 'coalesce(c.key, p.email)',
  },
  {
    rule: 'an invalid O is refused',
    find: /WHEN v\.problem IS NOT NULL THEN v\.problem/,
    put: 'WHEN v.problem IS NOT NULL THEN NULL',
  },
  { rule: 'O of another is refused', find: /THEN 'belongs_to_another'\n/g, put: 'THEN NULL\n' },
  {
    rule: 'belongs to another comes before already set',
    find: /WHEN q\.person_id IS NOT NULL THEN 'belongs_to_another'/,
    put: "WHEN q.person_id IS NOT NULL AND p.email IS NULL THEN 'belongs_to_another'",
  },
  {
    rule: 'invalid comes before already set',
    find: /WHEN v\.problem IS NOT NULL THEN v\.problem/,
    put: 'WHEN v.problem IS NOT NULL AND p.email IS NULL THEN v.problem',
  },
  {
    rule: 'an invalid O is not added with its person where there is nobody yet',
    find: /(IS NOT TRUE OR) inlet\.identifier_problem\('\w+', s\.c\d+\) IS NULL/,
    put: '$1 true',
  },
  {
    rule: 'superseded rows add nobody where there is nobody yet',
    find: /\(m\.level IS NULL AND \(/,
    put: '((',
  },
  { rule: 'a set identifier is not changed', find: /THEN 'already_set'/, put: 'THEN NULL' },
  {
    rule: 'allowEmailUpdatesUsingId lets emails change',
    find: /(p\.email IS NOT NULL) THEN NULL/,
    put: "$1 THEN 'already_set'",
  },
  {
    rule: 'an email that differs by case is the same',
    find: / OR lower\(p\.email\) = lower\(i\.other\)/,
    put: '',
  },
  {
    rule: 'a blank identifier is set',
    find: /v\.other IS NOT NULL AS sets_other/,
    put: 'v.other IS NOT NULL AND p.email IS NOT NULL AS sets_other',
  },
  {
    rule: 'a blank O is none',
    find: /CASE WHEN NOT inlet\.is_blank\((s\.c\d+)\) THEN s\.c\d+ END AS other/,
    put: '$1 AS other',
  },
  {
    rule: 'a refused row still applies its attributes',
    find: /WHEN (d\.refusal IS NULL AND v\.other IS NOT NULL OR [^]*?)(\n\s+THEN)/,
    put: 'WHEN d.refusal IS NULL AND ($1)$2',
  },
  {
    rule: 'a refused O is not written',
    find: /CASE WHEN refusal IS NULL THEN other END, merged/,
    put: 'other, merged',
  },
  {
    rule: 'attributes the query lacks are left alone',
    find: /p\.attributes \|\| a\.attributes/g,
    put: 'a.attributes',
  },
  {
    rule: 'NULL removes an attribute',
    find: /\(p\.attributes \|\| a\.attributes\) - array_remove\([^]*?, NULL\)/,
    put: 'p.attributes || a.attributes',
  },
  { rule: 'NULL is not stored', find: /jsonb_strip_nulls/g, put: '' },
  {
    rule: 'json null removes an attribute',
    find: /coalesce\((j\.j\d+), 'null'\) = 'null'/,
    put: '$1 IS NULL',
  },
  {
    rule: 'who is unchanged is not written',
    find: /WHEN d\.refusal IS NULL AND v\.other IS NOT NULL OR [^]*?\n/,
    put: 'WHEN true\n',
  },
  {
    rule: 'unchanged is not counted as updated',
    find: /WHEN merged IS NOT NULL THEN 'updated'/,
    put: "WHEN true THEN 'updated'",
  },
  {
    rule: 'a refused row counts as failed',
    find: /WHEN problem IS NOT NULL OR refusal IS NOT NULL THEN 'failed'/,
    put: "WHEN problem IS NOT NULL THEN 'failed'",
  },
  {
    rule: 'people added by failed rows are counted',
    find: /refusal IS NOT NULL AND action = 'add' AS added_by_failed/,
    put: 'false AS added_by_failed',
  },
  {
    rule: 'a failed row that changed nothing wrote none',
    find: /WHEN merged IS NOT NULL THEN 'attributes' ELSE 'none'/,
    put: "ELSE 'attributes'",
  },
  {
    rule: 'the person collided with is named',
    find: /inlet\.person_name\(q\.id, q\.email\)/,
    put: 'inlet.person_name(q.id, NULL)',
  },
  {
    rule: 'the first failures are kept',
    find: /ORDER BY query, row_number\n/,
    put: 'ORDER BY query, row_number DESC\n',
  },
  {
    rule: 'identifiers wanted twice are contested',
    find: /(false AS of_key[^]*?)HAVING count\(\*\) > 1/,
    put: '$1HAVING count(*) > 1000',
  },
  {
    rule: 'identifiers wanted and held are contested',
    find: /(SELECT DISTINCT lower\(q\.email\)[^]*?WHERE )/,
    put: '$1false AND ',
  },
  {
    rule: 'a row that gives up a contested identifier is contested',
    find: /(INTO \S+ AS m \(n, place, wants, gives\)[^]*?)ON CONFLICT/,
    put: '$1 AND false ON CONFLICT',
  },
  {
    rule: 'an identifier without a key beside it may be claimed, so it is contested',
    find: /(DELETE FROM inlet_contested[^]*?)AND \S+ IS NOT NULL/,
    put: '$1',
  },
  {
    rule: 'contested rows go in the order of the query',
    find: /WHERE m\.level IS NULL ORDER BY m\.n/,
    put: '$& DESC',
  },
  {
    rule: 'contested rows wait for those that want the same',
    find: /greatest\(gate\[mark\.wants\] \+ 1, /,
    put: 'greatest(',
  },
  {
    rule: 'contested rows wait for those that give up what they want',
    find: /gate\[mark\.gives\] := this_level;/,
    put: '',
  },
  {
    rule: 'what somebody gives up may be taken after',
    find: /owned\[mark\.gives\] := false;/,
    put: '',
  },
  {
    rule: 'a row that fails by itself takes nothing',
    find: /(SELECT s\.n, s\.ctid, c\.identifier,\s+)\([^]*?\) IS NULL AND CASE/,
    put: '$1 CASE',
  },
  {
    rule: 'who has an identifier already takes none',
    find: /\(p\.\w+ IS NULL OR false\)/,
    put: 'true',
  },
  {
    rule: 'somebody new who is not added takes nothing',
    find: /WHEN p\.person_id IS NULL THEN false/,
    put: 'WHEN p.person_id IS NULL THEN true',
  },
  {
    rule: 'only somebody new claims',
    find: /THEN p\.person_id IS NULL AND true/,
    put: 'THEN true',
  },
  {
    rule: 'another array or object is a change',
    find: / OR a\.attributes -> '(\w+)' IS NOT NULL AND p\.attributes -> '\w+' IS DISTINCT FROM a\.attributes -> '\w+'/g,
    put: '',
  },
  {
    rule: 'to remove what is there is a change',
    find: / OR \([^\n]*?\) AND p\.attributes \?\| array_remove\([^]*?, NULL\)/,
    put: '',
  },
];
