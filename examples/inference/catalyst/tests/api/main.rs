//! The API, asked over HTTP on loopback.

mod keys;
mod service;
