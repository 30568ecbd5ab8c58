-- Expands: What older programs find words by stays as it is.
-- Each organization has words of its own in the index, so that what is looked for is not looked for among everybody's.
-- Both tables before any work, in whichever order others take them.
LOCK TABLE ticket_words, comment_words IN SHARE ROW EXCLUSIVE MODE;
-- Reading a row by it is dear: never without the index.
CREATE FUNCTION own_words(organization UUID, words TEXT[]) RETURNS BIGINT[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
    AS $$ SELECT array_agg(hashtextextended(word, uuid_hash_extended(organization, 0))) FROM unnest(words) AS word $$;

-- Words that wait to be sorted in are read by every search: 256 kB of them, not 4 MB.
CREATE INDEX ticket_words_own ON ticket_words USING gin (own_words(organization_id, tsvector_to_array(words)))
    WITH (gin_pending_list_limit = 256);
CREATE INDEX comment_words_own ON comment_words USING gin (own_words(organization_id, tsvector_to_array(words)))
    WITH (gin_pending_list_limit = 256);

-- Deleted tickets have no words, so that those who have them can be counted without being looked at.
DELETE FROM ticket_words w USING tickets k WHERE k.deleted_at IS NOT NULL AND w.organization_id = k.organization_id AND w.key = k.key;

-- How often which word is there.
ANALYZE ticket_words, comment_words;
