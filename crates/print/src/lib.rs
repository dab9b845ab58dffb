//! belisha-print
