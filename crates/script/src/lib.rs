//! Runs check and notify commands without ever blocking the engine.
