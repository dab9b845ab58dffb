//! belisha-gateway
