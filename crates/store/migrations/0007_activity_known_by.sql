-- How far the name on a visit can be relied on, and whose the device was (MISSION M65, M66). Rows from before say neither.

ALTER TABLE activity ADD COLUMN confidence TEXT;
ALTER TABLE activity ADD COLUMN device_kind TEXT;
