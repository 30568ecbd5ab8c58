-- Expands: What older programs find words by stays as it is.
-- Looking for one document among those of a word reads a page of them: small pages are sooner read. `admin reindex` makes the older pages anew.
INSERT INTO ticket_words (ticket_words, rank) VALUES ('pgsz', 1500);
INSERT INTO comment_words (comment_words, rank) VALUES ('pgsz', 1500);

-- Deleted tickets have no words, so that those who have them can be counted without being looked at.
DELETE FROM ticket_words WHERE rowid IN (SELECT key FROM tickets WHERE deleted_at IS NOT NULL);
