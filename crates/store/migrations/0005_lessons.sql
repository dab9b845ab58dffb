-- Sites checked for a lesson (MISSION M56): while a list holds, those it is for see no other site.

CREATE TABLE lesson_lists (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, name TEXT NOT NULL, hosts TEXT NOT NULL, class_id TEXT,
    audience_groups TEXT NOT NULL, from_at BIGINT NOT NULL, until_at BIGINT NOT NULL, reason TEXT NOT NULL, made_by TEXT, closed_at BIGINT,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX lesson_lists_open ON lesson_lists (school_id, closed_at, until_at);
