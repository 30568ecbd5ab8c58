-- Expands: Older programs read the same names, in another order.
-- Names are in the order of their characters' numbers, as in SQLite, and not in that of the language for which the database was made.
-- All tables before any work, and first the one by which every request comes, whether with a token or signed in.
LOCK TABLE users, tokens, projects, organizations, persons IN ACCESS EXCLUSIVE MODE;
ALTER TABLE persons ALTER COLUMN name TYPE TEXT COLLATE "C";
ALTER TABLE users ALTER COLUMN email_key TYPE TEXT COLLATE "C";
ALTER TABLE organizations ALTER COLUMN name TYPE TEXT COLLATE "C", ALTER COLUMN slug TYPE TEXT COLLATE "C";
ALTER TABLE projects ALTER COLUMN name TYPE TEXT COLLATE "C";
ALTER TABLE tokens ALTER COLUMN name TYPE TEXT COLLATE "C";
