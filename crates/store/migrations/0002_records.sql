-- What people recorded, what waits for them, and what the jobs did.
CREATE TABLE incidents (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, number BIGINT NOT NULL, occurred TEXT NOT NULL, place TEXT NOT NULL,
    description TEXT NOT NULL, action_taken TEXT NOT NULL, recorded_by TEXT NOT NULL, signed_as TEXT NOT NULL, recorded_at BIGINT NOT NULL,
    about TEXT, table_row TEXT, row_label TEXT, policy_version TEXT, risk_areas TEXT NOT NULL, bullying BOOLEAN NOT NULL,
    may_involve_indecent_images BOOLEAN NOT NULL, status TEXT NOT NULL, from_alert TEXT, finding TEXT, outcome TEXT, closed_by TEXT, closed_at BIGINT,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, number)
);
CREATE TABLE involvements (
    school_id TEXT NOT NULL, incident_id TEXT NOT NULL, position BIGINT NOT NULL, person_id TEXT, described_as TEXT, part TEXT NOT NULL,
    PRIMARY KEY (school_id, incident_id, position),
    FOREIGN KEY (school_id, incident_id) REFERENCES incidents (school_id, id)
);
CREATE INDEX involvements_person ON involvements (school_id, person_id, part);
CREATE TABLE incident_actions (
    school_id TEXT NOT NULL, incident_id TEXT NOT NULL, position BIGINT NOT NULL, action_column TEXT NOT NULL, label TEXT NOT NULL,
    by_policy BOOLEAN NOT NULL, taken BOOLEAN NOT NULL, reason TEXT, done_at BIGINT,
    PRIMARY KEY (school_id, incident_id, position),
    FOREIGN KEY (school_id, incident_id) REFERENCES incidents (school_id, id)
);
CREATE TABLE incident_events (
    school_id TEXT NOT NULL, id TEXT NOT NULL, incident_id TEXT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, person_id TEXT, verb TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, incident_id) REFERENCES incidents (school_id, id)
);
CREATE INDEX incident_events_incident ON incident_events (school_id, incident_id, at);
CREATE TABLE tasks (
    school_id TEXT NOT NULL, id TEXT NOT NULL, incident_id TEXT, assignee_id TEXT NOT NULL, what TEXT NOT NULL, due BIGINT, done_at BIGINT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, incident_id) REFERENCES incidents (school_id, id),
    FOREIGN KEY (school_id, assignee_id) REFERENCES people (school_id, id)
);
CREATE INDEX tasks_assignee ON tasks (school_id, assignee_id, done_at);
CREATE TABLE alerts (
    school_id TEXT NOT NULL, id TEXT NOT NULL, person_id TEXT, device TEXT NOT NULL, seen_at BIGINT NOT NULL, theme TEXT NOT NULL,
    danger TEXT NOT NULL, danger_rank BIGINT NOT NULL, host TEXT NOT NULL, excerpt TEXT NOT NULL, settled_at BIGINT, settlement TEXT,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX alerts_open ON alerts (school_id, settled_at, danger_rank, seen_at);
CREATE TABLE access_requests (
    school_id TEXT NOT NULL, id TEXT NOT NULL, by_id TEXT NOT NULL, host TEXT NOT NULL, category TEXT, reason TEXT NOT NULL, asked_at BIGINT NOT NULL,
    decided_at BIGINT, decision TEXT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, by_id) REFERENCES people (school_id, id)
);
CREATE TABLE exceptions (
    school_id TEXT NOT NULL, id TEXT NOT NULL, request_id TEXT, host TEXT NOT NULL, audience_groups TEXT NOT NULL, person_id TEXT, from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL, reason TEXT NOT NULL, granted_by TEXT, closed_at BIGINT,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX exceptions_open ON exceptions (school_id, closed_at, until_at);
CREATE TABLE concerns (
    school_id TEXT NOT NULL, id TEXT NOT NULL, by_id TEXT, choice TEXT NOT NULL, words TEXT NOT NULL, told_at BIGINT NOT NULL, read_at BIGINT,
    incident_id TEXT,
    PRIMARY KEY (school_id, id)
);
CREATE TABLE duties (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, clause TEXT NOT NULL, period TEXT NOT NULL, person_id TEXT,
    person_key TEXT NOT NULL, owner_id TEXT, due TEXT NOT NULL, done_by TEXT, done_at BIGINT, done_on TEXT, evidence TEXT, chasers BIGINT NOT NULL,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, clause, period, person_key)
);
CREATE INDEX duties_due ON duties (school_id, done_at, due);
CREATE TABLE job_runs (
    school_id TEXT NOT NULL REFERENCES schools (school_id), job TEXT NOT NULL, due BIGINT NOT NULL, started_at BIGINT NOT NULL, finished_at BIGINT,
    ok BOOLEAN, message TEXT,
    PRIMARY KEY (school_id, job, due)
);
CREATE TABLE outbox (
    school_id TEXT NOT NULL, id TEXT NOT NULL, to_person TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL,
    sent_at BIGINT, given_up_at BIGINT, attempts BIGINT NOT NULL, next_attempt_at BIGINT NOT NULL, last_failure TEXT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, to_person) REFERENCES people (school_id, id)
);
CREATE INDEX outbox_waiting ON outbox (school_id, sent_at, next_attempt_at);
CREATE TABLE reports (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, from_date TEXT NOT NULL, until_date TEXT NOT NULL, content TEXT NOT NULL,
    issued_by TEXT, issued_at BIGINT NOT NULL,
    PRIMARY KEY (school_id, id)
);
CREATE TABLE report_acknowledgements (
    school_id TEXT NOT NULL, id TEXT NOT NULL, report_id TEXT NOT NULL, person_id TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, report_id, person_id),
    FOREIGN KEY (school_id, report_id) REFERENCES reports (school_id, id)
);
CREATE TABLE register_entries (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, register TEXT NOT NULL, on_date TEXT NOT NULL, about_id TEXT, by_id TEXT,
    entered_at BIGINT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX register_entries_register ON register_entries (school_id, register, on_date);
