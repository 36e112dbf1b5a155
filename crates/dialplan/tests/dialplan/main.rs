//! The dialplan crate from outside: the shipped office, routes, mistakes as they are printed.

mod office;
mod shipped;
