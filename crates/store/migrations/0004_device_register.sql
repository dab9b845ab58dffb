-- The school's register of devices, and which addresses are which room.
CREATE TABLE registered_devices (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, mac TEXT NOT NULL, kind TEXT NOT NULL, person_id TEXT, shared BOOLEAN NOT NULL,
    label TEXT NOT NULL, room TEXT, notes TEXT, registered_at BIGINT NOT NULL, retired_at BIGINT,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, person_id) REFERENCES people (school_id, id)
);
CREATE UNIQUE INDEX registered_devices_mac ON registered_devices (school_id, mac) WHERE retired_at IS NULL;
CREATE TABLE network_ranges (
    school_id TEXT NOT NULL REFERENCES schools (school_id), id TEXT NOT NULL, network TEXT NOT NULL, label TEXT NOT NULL, unknown_group TEXT,
    added_at BIGINT NOT NULL, retired_at BIGINT,
    PRIMARY KEY (school_id, id)
);
CREATE UNIQUE INDEX network_ranges_network ON network_ranges (school_id, network) WHERE retired_at IS NULL;
