-- Up Migration

-- The rules that a single cell must keep (docs/semantics.md). Plain SQL functions are inlined into the statements that
-- call them; what needs an exception handler costs a subtransaction, which parallel workers could not begin before
-- PostgreSQL 17, and is called for suspicious cells only.

-- Blank is empty or only Unicode White_Space: NBSP is, a zero-width space isn't. What begins with a visible ASCII
-- character isn't: a look at that is five times faster.
CREATE FUNCTION inlet.is_blank(cell text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ascii(cell) NOT BETWEEN 33 AND 126 AND btrim(cell, U&'\0009\000A\000B\000C\000D\0020\0085\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000') = '';

-- RFC 5322 addr-spec without comments or folding. The first pattern is only a fast way for what nearly all addresses are.
CREATE FUNCTION inlet.is_email(cell text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (cell COLLATE "C") ~ '^[A-Za-z0-9_+-](?:\.?[A-Za-z0-9_+-])*@[A-Za-z0-9_+-](?:\.?[A-Za-z0-9_+-])*$'
    OR (cell COLLATE "C") ~ ('^([A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*'
                   || '|"([ \t!#-\[\]-~]|\\[ -~\t])*")'
                   || '@([A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*'
                   || '|\[[ \t!-Z^-~]*\])$');

-- Why a cell can't be an identifier: limits first, then syntax. NULL: it can. Blank is for the caller.
CREATE FUNCTION inlet.identifier_problem(identifier text, cell text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE identifier
  WHEN 'email' THEN CASE WHEN octet_length(cell) > 254 AND char_length(cell) > 254 THEN 'too_long' WHEN NOT inlet.is_email(cell) THEN 'invalid_email' END
  ELSE CASE WHEN octet_length(cell) > 150 THEN 'too_long' END
END;

CREATE FUNCTION inlet.try_jsonb(cell text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE AS $$
BEGIN
  RETURN cell::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
  RETURN NULL;
END $$;

-- json of the source as jsonb; NULL where jsonb can't hold it (\u0000, a lone surrogate, a number past its range, more
-- levels than the server's max_stack_depth allows, for which 4000 bytes are too few).
CREATE FUNCTION inlet.json_cell(cell text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL UNSAFE
RETURN CASE
  WHEN octet_length(cell) > 4000 OR cell ~ '\\u(0000|[dD][89a-fA-F])|[0-9][eE][+-]?[0-9]{3}|[0-9]{250}'
  THEN inlet.try_jsonb(cell)
  ELSE cell::jsonb
END;

CREATE FUNCTION inlet.json_cells(cells text[]) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE AS $$
BEGIN
  RETURN to_jsonb(cells::jsonb[]);
EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
  RETURN NULL;
END $$;

-- Years that ISO 8601 has no plain form for (BC, above 9999) and infinities are the type's own text.
CREATE FUNCTION inlet.has_iso_form(cell timestamp) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN cell >= '0001-01-01' AND cell < '10000-01-01';

CREATE FUNCTION inlet.has_iso_form(cell timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN cell >= '0001-01-01 00:00+00' AND cell < '10000-01-01 00:00+00';

CREATE FUNCTION inlet.json_timestamp(cell timestamp) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN inlet.has_iso_form(cell) THEN to_jsonb(cell) ELSE to_jsonb(cell::text) END;

CREATE FUNCTION inlet.json_timestamptz(cell timestamptz) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN inlet.has_iso_form(cell) THEN to_jsonb(cell) ELSE to_jsonb(cell::text) END;

-- An array of timestamps as JSON: elements that have no plain form are the type's own text, as above.
CREATE FUNCTION inlet.json_timestamps(cells jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF cells::text !~ 'BC|[0-9]{5}-' THEN
    RETURN cells;
  ELSIF jsonb_typeof(cells) = 'array' THEN
    RETURN (SELECT jsonb_agg(inlet.json_timestamps(cell) ORDER BY at)
            FROM jsonb_array_elements(cells) WITH ORDINALITY AS elements(cell, at));
  END IF;
  RETURN to_jsonb(replace(replace(cells #>> '{}', 'T', ' '), '+00:00', '+00'));
END $$;

-- Bytes of unknown encoding are staged as LATIN1, in which every byte is a character, and read as what they are if they
-- are UTF-8. NULL: they aren't, and can't be stored as text.
CREATE FUNCTION inlet.try_utf8(cell text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE AS $$
BEGIN
  RETURN convert_from(convert_to(cell, 'LATIN1'), 'UTF8');
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

CREATE FUNCTION inlet.utf8_cell(cell text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL UNSAFE
RETURN CASE WHEN octet_length(cell) = char_length(cell) THEN cell ELSE inlet.try_utf8(cell) END;

CREATE FUNCTION inlet.utf8_cells(cells text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL UNSAFE
RETURN inlet.utf8_cell(cells::text)::text[];

-- The same, with bytes that are not UTF-8 shown as \nnn: for people to read.
CREATE FUNCTION inlet.shown_cell(cell text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL UNSAFE
RETURN coalesce(inlet.utf8_cell(cell), encode(convert_to(cell, 'LATIN1'), 'escape'));

-- How a person is called in sentences.
CREATE FUNCTION inlet.person_name(id text, email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN id IS NULL THEN 'email ' || email WHEN email IS NULL THEN 'id ' || id ELSE format('id %s (%s)', id, email) END;

-- The sentence of a failure. It may quote the cell: it is kept in the log and shown to whoever asks for failures.
CREATE FUNCTION inlet.failure_message(reason text, column_name text, cell text, collides_with text, written text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE reason
  WHEN 'blank_key' THEN format('The row has no %s: the cell is empty or NULL, so %s can be found or added by it. Give it a value or leave the row out of the query.', column_name,
    CASE column_name WHEN 'object_id' THEN 'no object' ELSE 'nobody' END)
  WHEN 'too_long' THEN format('The %s is longer than the limit of %s. Shorten it in the source.', column_name,
    CASE column_name WHEN 'email' THEN '254 characters' ELSE '150 bytes' END)
  WHEN 'invalid_email' THEN format('"%s" is not a valid email address (RFC 5322). Correct it in the source.', left(cell, 254))
  WHEN 'unstorable' THEN format('The cell of column %s holds a value that can''t be stored (such as \u0000, a lone surrogate, a number out of range, or bytes that are not UTF-8). Clean it in the query.', column_name)
  WHEN 'belongs_to_another' THEN format('The %s "%s" belongs to another person: %s. Remove it there, or from this row.', column_name, left(cell, 254), collides_with)
  WHEN 'already_set' THEN format('The person has another %s already, and a set %s is not changed by an import%s. Leave the column out of the query, or change it by hand.', column_name, column_name,
    CASE column_name WHEN 'email' THEN ' unless the sync identifies people by id and workspace.allowEmailUpdatesUsingId is on' ELSE '' END)
END || CASE written
  WHEN 'attributes' THEN ' The row''s attributes were applied.'
  WHEN 'person' THEN format(' The person was added without this %s.', column_name)
  ELSE ''
END;

-- Gives each contested row its level, so that one level after the other gives what one row after the other would
-- (docs/semantics.md, "The order"), and its position: by level, and in one level by row number.
--
-- Rows of one level are judged by what was before any of them. That is right for all who only want an identifier, up to
-- the first who takes it if it is free: for its new owner keeps it (nobody has two rows), everybody after is refused. Who
-- gives an identifier up is preceded by those who wanted it before, and followed by those who want it after.
--
-- `marks` is a staging table (n, place, level, position, wants, gives, takes, held); level is NULL for contested rows
-- before, set after. takes: the row takes what it wants if that is free. held: somebody with a key has it at first.
-- Arrays in place of tables: an identifier that half of the rows want would be updated, and searched, that often.
CREATE FUNCTION inlet.assign_levels(marks regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  mark record;
  this_level int;
  gate int[];       -- by the identifier's number: the level of the last row that changed whose it is
  reader int[];     -- the highest level of those who wanted it
  owned boolean[];
  takes boolean;
  rows bigint[];
  levels int[];
  count int := 0;
BEGIN
  FOR mark IN EXECUTE format('
    WITH numbered AS (
      SELECT identifier, row_number() OVER ()::int AS number
      FROM (SELECT wants FROM %1$s WHERE level IS NULL UNION SELECT gives FROM %1$s WHERE level IS NULL) u(identifier)
      WHERE identifier IS NOT NULL
    )
    SELECT m.n, w.number AS wants, g.number AS gives, m.takes, m.held
    FROM %1$s m LEFT JOIN numbered w ON w.identifier = m.wants LEFT JOIN numbered g ON g.identifier = m.gives
    WHERE m.level IS NULL ORDER BY m.n', marks)
  LOOP
    takes := mark.takes AND NOT coalesce(owned[mark.wants], mark.held);
    this_level := greatest(gate[mark.wants] + 1, gate[mark.gives] + 1, reader[mark.gives],
                           CASE WHEN takes THEN reader[mark.wants] END, 1);
    IF mark.wants IS NOT NULL THEN
      reader[mark.wants] := greatest(reader[mark.wants], this_level);
      IF takes THEN
        gate[mark.wants] := this_level;
        owned[mark.wants] := true;
      END IF;
    END IF;
    IF mark.gives IS NOT NULL THEN
      gate[mark.gives] := this_level;
      owned[mark.gives] := false;
    END IF;
    count := count + 1;
    rows[count] := mark.n;
    levels[count] := this_level;
  END LOOP;
  EXECUTE format('
    UPDATE %s m SET level = a.level, position = a.position
    FROM (SELECT n, level, row_number() OVER (ORDER BY level, n) AS position FROM unnest($1, $2) AS u(n, level)) a
    WHERE m.n = a.n', marks)
    USING rows, levels;
END $$;

-- Down Migration
