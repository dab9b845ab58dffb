-- What the network does: lists, the school's own rules, devices, and what was visited.
CREATE TABLE lists (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, category TEXT NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, format TEXT NOT NULL,
    domains BIGINT NOT NULL, refused_lines BIGINT NOT NULL, refused_summary TEXT NOT NULL, fetched_at BIGINT NOT NULL, removed_at BIGINT,
    PRIMARY KEY (school_id, id)
);
CREATE TABLE school_rules (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, host TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL,
    owner_id TEXT, on_date TEXT NOT NULL, removed_at BIGINT,
    PRIMARY KEY (school_id, id)
);
CREATE TABLE devices (
    school_id TEXT NOT NULL, id TEXT NOT NULL, address TEXT NOT NULL, person_id TEXT NOT NULL, signed_in_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    signed_out_at BIGINT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, person_id) REFERENCES people (school_id, id)
);
CREATE INDEX devices_address ON devices (school_id, address, signed_in_at);
CREATE TABLE activity_batches (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, number BIGINT NOT NULL, rows_count BIGINT NOT NULL, rows_hash TEXT NOT NULL,
    first_at BIGINT NOT NULL, last_at BIGINT NOT NULL,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, number)
);
CREATE TABLE activity (
    school_id TEXT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL, at BIGINT NOT NULL, person_id TEXT, device TEXT NOT NULL,
    audience_group TEXT NOT NULL, host TEXT NOT NULL, path TEXT, search_term TEXT, action TEXT NOT NULL, category TEXT, reason TEXT NOT NULL,
    PRIMARY KEY (school_id, batch, position)
);
CREATE INDEX activity_at ON activity (school_id, at);
CREATE INDEX activity_person ON activity (school_id, person_id, at);
CREATE TABLE activity_hours (
    school_id TEXT NOT NULL, hour BIGINT NOT NULL, audience_group TEXT NOT NULL, action TEXT NOT NULL, category TEXT NOT NULL, requests BIGINT NOT NULL,
    PRIMARY KEY (school_id, hour, audience_group, action, category)
);
CREATE TABLE look_ups (
    school_id TEXT NOT NULL, id TEXT NOT NULL, by_id TEXT NOT NULL, about_id TEXT NOT NULL, reason TEXT NOT NULL, at BIGINT NOT NULL,
    from_at BIGINT NOT NULL, until_at BIGINT NOT NULL,
    PRIMARY KEY (school_id, id)
);
