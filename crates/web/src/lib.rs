//! belisha-web
