-- Whom a rule of the school's own is for: JSON, keys of groups and of year groups. NULL is everybody, as for every rule from before.

ALTER TABLE school_rules ADD COLUMN audience_groups TEXT;
