//! Integrate.io's tools, asked over the wire: the real binary, and databases that the tests make.

mod account;
mod inventory;
mod search;
mod store;
