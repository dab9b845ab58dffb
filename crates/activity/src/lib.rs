//! belisha-activity
