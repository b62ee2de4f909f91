//! The real machine as the configuration loader sees it.
