-- One text for SQLite and PostgreSQL. Ids and words TEXT, times BIGINT (unix milliseconds), dates TEXT (ISO), documents TEXT (JSON).

-- Above schools: no row level security, and nothing about a person but the name typed to sign in.
CREATE TABLE schools (
    school_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, nation TEXT NOT NULL, phase TEXT NOT NULL,
    calendar TEXT NOT NULL, settings TEXT NOT NULL, created_at BIGINT NOT NULL,
    PRIMARY KEY (school_id), UNIQUE (id), CHECK (school_id = id)
);
CREATE TABLE directory_usernames (
    username TEXT NOT NULL, school_id TEXT NOT NULL REFERENCES schools (school_id), person_id TEXT NOT NULL,
    PRIMARY KEY (username)
);
CREATE TABLE directory_tokens (
    token_hash TEXT NOT NULL, school_id TEXT NOT NULL REFERENCES schools (school_id), kind TEXT NOT NULL,
    PRIMARY KEY (token_hash)
);
CREATE TABLE sign_in_attempts (attempt_key TEXT NOT NULL, at BIGINT NOT NULL, succeeded BOOLEAN NOT NULL);
CREATE INDEX sign_in_attempts_key ON sign_in_attempts (attempt_key, at);

-- The ledger.
CREATE TABLE ledger_heads (
    school_id TEXT NOT NULL, size BIGINT NOT NULL, edge TEXT NOT NULL,
    PRIMARY KEY (school_id)
);
CREATE TABLE ledger_entries (
    school_id TEXT NOT NULL, position BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, area TEXT NOT NULL, verb TEXT NOT NULL,
    subject TEXT NOT NULL, commitment TEXT NOT NULL, leaf TEXT NOT NULL,
    PRIMARY KEY (school_id, position)
);
CREATE INDEX ledger_entries_subject ON ledger_entries (school_id, area, subject, position);
CREATE TABLE ledger_salts (
    school_id TEXT NOT NULL, area TEXT NOT NULL, subject TEXT NOT NULL, salt TEXT NOT NULL,
    PRIMARY KEY (school_id, area, subject)
);
CREATE TABLE ledger_checkpoints (
    school_id TEXT NOT NULL, size BIGINT NOT NULL, at BIGINT NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (school_id, size)
);
CREATE TABLE counters (
    school_id TEXT NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL,
    PRIMARY KEY (school_id, name)
);

-- People.
CREATE TABLE classes (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, name TEXT NOT NULL, year_group TEXT NOT NULL,
    PRIMARY KEY (school_id, id)
);
CREATE TABLE people (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, name TEXT NOT NULL, audience TEXT NOT NULL, year_group TEXT,
    class_id TEXT, username TEXT, email TEXT, joined TEXT NOT NULL, left_on TEXT,
    PRIMARY KEY (school_id, id), UNIQUE (username),
    FOREIGN KEY (school_id, class_id) REFERENCES classes (school_id, id)
);
CREATE TABLE class_teachers (
    school_id TEXT NOT NULL, id TEXT NOT NULL, class_id TEXT NOT NULL, person_id TEXT NOT NULL,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, class_id, person_id),
    FOREIGN KEY (school_id, class_id) REFERENCES classes (school_id, id),
    FOREIGN KEY (school_id, person_id) REFERENCES people (school_id, id)
);
CREATE TABLE offices (
    school_id TEXT NOT NULL, id TEXT NOT NULL, person_id TEXT NOT NULL, role TEXT NOT NULL, from_date TEXT NOT NULL, until_date TEXT,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, person_id, role, from_date),
    FOREIGN KEY (school_id, person_id) REFERENCES people (school_id, id)
);
CREATE TABLE parents_of (
    school_id TEXT NOT NULL, id TEXT NOT NULL, parent_id TEXT NOT NULL, pupil_id TEXT NOT NULL,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, parent_id, pupil_id),
    FOREIGN KEY (school_id, parent_id) REFERENCES people (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES people (school_id, id)
);
CREATE INDEX parents_of_pupil ON parents_of (school_id, pupil_id);
CREATE TABLE credentials (
    school_id TEXT NOT NULL, id TEXT NOT NULL, password_hash TEXT NOT NULL, changed_at BIGINT NOT NULL,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, id) REFERENCES people (school_id, id)
);
CREATE TABLE one_time_links (
    school_id TEXT NOT NULL, id TEXT NOT NULL, person_id TEXT NOT NULL, purpose TEXT NOT NULL, created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, used_at BIGINT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, person_id) REFERENCES people (school_id, id)
);
CREATE TABLE sessions (
    school_id TEXT NOT NULL, id TEXT NOT NULL, token_hash TEXT NOT NULL, person_id TEXT NOT NULL, created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT,
    PRIMARY KEY (school_id, id), UNIQUE (token_hash),
    FOREIGN KEY (school_id, person_id) REFERENCES people (school_id, id)
);
CREATE INDEX sessions_person ON sessions (school_id, person_id);

-- Promises.
CREATE TABLE policies (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, number BIGINT NOT NULL, source TEXT NOT NULL, status TEXT NOT NULL,
    compiled BOOLEAN NOT NULL, change_note TEXT NOT NULL, created_by TEXT, created_at BIGINT NOT NULL, approved_by TEXT, approved_at BIGINT,
    in_force_from TEXT, superseded_at BIGINT,
    PRIMARY KEY (school_id, id), UNIQUE (school_id, number)
);
CREATE TABLE signatures (
    school_id TEXT NOT NULL, id TEXT NOT NULL, about_id TEXT NOT NULL, by_id TEXT NOT NULL, kind TEXT NOT NULL, agreement TEXT NOT NULL,
    policy_version TEXT NOT NULL, lines TEXT NOT NULL, at BIGINT NOT NULL, reason TEXT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, about_id) REFERENCES people (school_id, id),
    FOREIGN KEY (school_id, by_id) REFERENCES people (school_id, id),
    FOREIGN KEY (school_id, policy_version) REFERENCES policies (school_id, id)
);
CREATE INDEX signatures_about ON signatures (school_id, about_id, at);
CREATE TABLE approvals (
    school_id TEXT NOT NULL, id TEXT NOT NULL, clause TEXT NOT NULL, subject TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL,
    reason TEXT NOT NULL, granted BOOLEAN, until BIGINT, decided_by TEXT, decided_at BIGINT, decision_reason TEXT,
    PRIMARY KEY (school_id, id)
);
