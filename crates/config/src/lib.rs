//! keepalived.conf: text to tree to model, the keyword table and diagnostics.
