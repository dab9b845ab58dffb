//! belisha-filter
