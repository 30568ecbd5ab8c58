-- Expands: Programs that do not know the tables go on as before. They let in what is shut out, so a rolling upgrade is finished first.
-- Tokens, each with its successors, that an admin keeps out of the organization.
CREATE TABLE shut_out_tokens (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    chain_id UUID NOT NULL REFERENCES tokens (id),
    shut_out_at BIGINT NOT NULL,
    shut_out_by UUID REFERENCES persons (id),
    shut_out_why TEXT,
    PRIMARY KEY (organization_id, chain_id)
);
CREATE INDEX shut_out_tokens_by_chain ON shut_out_tokens (chain_id);

-- When a token last reached which organization, and from where: all that this organization's admins see of its use.
CREATE TABLE token_uses (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    token_id UUID NOT NULL REFERENCES tokens (id),
    last_used_at BIGINT NOT NULL,
    last_used_from TEXT NOT NULL,
    PRIMARY KEY (organization_id, token_id)
);

-- The living tokens of a user or a project are found without those that have ended, however many they are.
CREATE INDEX tokens_living_by_user ON tokens
    (user_id, coalesce(CASE WHEN stops_at < expires_at THEN stops_at ELSE coalesce(expires_at, stops_at) END, 9223372036854775807), id)
    WHERE user_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX tokens_living_by_project ON tokens
    (project_id, coalesce(CASE WHEN stops_at < expires_at THEN stops_at ELSE coalesce(expires_at, stops_at) END, 9223372036854775807), id)
    WHERE project_id IS NOT NULL AND revoked_at IS NULL;
