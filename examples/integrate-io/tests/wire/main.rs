//! Integrate.io's tools, asked over the wire: the real binary, and databases that the tests make.

mod account;
mod canary;
mod clean;
mod clients;
mod connections;
mod curl;
mod effects;
mod execution;
mod failures;
mod inventory;
mod packages;
mod postgres;
mod reading;
mod runs;
mod samples;
mod schedules;
mod search;
mod shop;
mod store;
mod transports;
mod validation;
