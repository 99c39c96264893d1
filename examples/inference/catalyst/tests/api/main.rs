//! The API, asked over HTTP on loopback.

mod intake;
mod keys;
mod lists;
mod samples;
mod service;
mod spans;
