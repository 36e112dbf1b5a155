//! Workspace tests: architecture, scenarios in virtual time, wire tests with real phones.
