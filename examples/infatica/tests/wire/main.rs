//! Infatica's runs, asked over the wire: the real binary, a site that the tests serve, and what the
//! tools answer.

mod account;
mod addresses;
mod analyses;
mod asking;
mod audit;
mod balance;
mod billing;
mod bulk_runs;
mod cancelling;
mod clients;
mod collecting;
mod comparisons;
mod credits;
mod effects;
mod engines;
mod everything;
mod exports;
mod feeds;
mod firing;
mod keys;
mod model;
mod models;
mod reading;
mod refusals;
mod restarts;
mod schedules;
mod settings;
mod site;
mod store;
mod tools;
mod transports;
mod usage;
mod written;
