-- Expands: What older programs find words by stays as it is.
-- Looking for one document among those of a word reads a page of them: small pages are sooner read. Older pages are made anew as the index's pieces are joined.
INSERT INTO ticket_words (ticket_words, rank) VALUES ('pgsz', 500);
INSERT INTO comment_words (comment_words, rank) VALUES ('pgsz', 500);
-- The sweep joins any two pieces of the same kind.
INSERT INTO ticket_words (ticket_words, rank) VALUES ('usermerge', 2);
INSERT INTO comment_words (comment_words, rank) VALUES ('usermerge', 2);

-- Deleted tickets have no words, so that those who have them can be counted without being looked at.
DELETE FROM ticket_words WHERE rowid IN (SELECT key FROM tickets WHERE deleted_at IS NOT NULL);
