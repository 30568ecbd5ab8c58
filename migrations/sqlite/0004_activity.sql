-- Expands: An index.
-- Somebody's open tickets, the most urgent first: what a workspace begins with.
CREATE INDEX tickets_by_assignee_priority ON tickets (assignee_id, organization_id, priority, id)
    WHERE assignee_id IS NOT NULL AND deleted_at IS NULL AND status < 2;
