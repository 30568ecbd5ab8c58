-- Expands: A column that may be empty; older programs leave it so.
-- Why somebody revoked a token, in their own words.
ALTER TABLE tokens ADD COLUMN revoked_why TEXT;
