//! A world in virtual time: one gateway, a carrier, desk phones, a seeded network and scripted speech. Nothing in it
//! reads a clock; the same seed is the same run.

pub mod ladder;
pub mod network;
pub mod sound;
pub mod wire;
