//! Local intent classifier.
