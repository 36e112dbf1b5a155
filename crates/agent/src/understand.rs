//! Words to facts.
