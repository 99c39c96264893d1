//! The API, asked over HTTP on loopback.

mod intake;
mod keys;
mod lists;
mod service;
mod spans;
