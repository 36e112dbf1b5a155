//! Endpoints joined by a virtual network, in virtual time. Each scenario runs twice: as it is, and with every endpoint
//! serialised and restored before each step; the ladders must be the same, and at the end nothing may be left.

mod calls;
mod cancel;
mod cells;
mod challenge;
mod crossing;
mod ends;
mod forks;
mod inside;
mod large;
mod lost;
mod model;
mod raw;
mod register;
mod reliable;
mod timers;
mod users;
mod world;
