//! For tests of pages: a fictional school on a real database, behind the real router, with a client that a story can
//! speak to in plain words. Every story runs on SQLite and on PostgreSQL, by the store's own macro:
//!
//! ```ignore
//! use belisha_store::{both_databases, testing::TestDatabase};
//! use belisha_web::testing::TestSchool;
//!
//! both_databases! {
//!     async fn a_teacher_reads_the_portal(database: TestDatabase) {
//!         let school = TestSchool::open(database.store).await;
//!         let teacher = school.signed_in("teacher").await;
//!         assert_eq!(teacher.get("/portal").await.heading(), "Sign and connect");
//!     }
//! }
//! ```
#![expect(clippy::unwrap_used, clippy::panic, reason = "support for tests: what cannot be set up should stop the test")]

mod client;
mod school;

pub use client::{Client, Seen};
pub use school::{PASSWORD, PEOPLE, TestPerson, TestSchool};
