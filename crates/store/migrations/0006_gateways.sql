-- Gateways that run as programs of their own: who added each, what proves it, and how it was last seen.
CREATE TABLE gateways (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, name TEXT NOT NULL, token_hash TEXT NOT NULL,
    created_by TEXT, created_at BIGINT NOT NULL, revoked_at BIGINT,
    last_seen_at BIGINT, version TEXT, rules_tag TEXT, rules_made_at BIGINT, counters TEXT,
    PRIMARY KEY (school_id, id)
);
