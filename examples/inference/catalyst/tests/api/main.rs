//! The API, asked over HTTP on loopback.

mod chat;
mod commands;
mod datasets;
mod evals;
mod halo;
mod intake;
mod judge;
mod keys;
mod lists;
mod made;
mod samples;
mod service;
mod spans;
mod traffic;
mod training;
