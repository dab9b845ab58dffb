//! belisha-store
