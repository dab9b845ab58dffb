//! The rules of the records, case by case. One file an area, one row a case.

#![expect(clippy::unwrap_used, reason = "a case that cannot be set up fails")]
#![expect(clippy::type_complexity, reason = "a table of cases reads better than a type for each of its rows")]

mod agreements;
mod calendar;
mod clause_status;
mod duties;
mod half_yearly;
mod incidents;
mod monitoring;
mod offices;
mod permissions;
mod school;
mod sight;
mod year_groups;
