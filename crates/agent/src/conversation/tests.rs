//! Scripts in virtual time. Each is run twice, the second time with the machine serialised, dropped
//! and restored at every step: the same must come out.

mod barge_in;
mod confirm;
mod greeting;
mod handoffs;
mod ladders;
mod models;
mod office;
mod random;
mod stage;
mod tools;
mod triage;
mod waiting;
