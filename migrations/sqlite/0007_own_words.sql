-- Expands: What older programs find words by stays as it is.
-- Looking for one document among those of a word reads a page of them: small pages are sooner read. `admin reindex` makes the older pages anew.
INSERT INTO ticket_words (ticket_words, rank) VALUES ('pgsz', 500);
INSERT INTO comment_words (comment_words, rank) VALUES ('pgsz', 500);
