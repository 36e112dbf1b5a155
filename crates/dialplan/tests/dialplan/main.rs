//! The dialplan crate from outside: the shipped office, routes, mistakes as they are printed.

mod base;
mod ends;
mod hours;
mod mistakes;
mod office;
mod patterns;
mod routes;
mod shipped;
