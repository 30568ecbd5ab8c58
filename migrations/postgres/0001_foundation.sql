-- A placeholder until the foundation is laid.
CREATE TABLE placeholder (id BIGINT NOT NULL PRIMARY KEY);
