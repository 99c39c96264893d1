//! Inference.net's tools, asked over the wire: the real binary, and the real API behind it.

mod canary;
mod clean;
mod clients;
mod contract;
mod curl;
mod effects;
mod journeys;
mod outage;
mod place;
mod project;
mod reading;
mod refusals;
mod samples;
mod traffic;
