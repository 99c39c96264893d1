//! Clients of other people, as they are shipped: programs from npm in a home directory of their own, told about a server by what the
//! server itself prints for them, and the official packages for Python and TypeScript.
//!
//! Nothing that they are to be seen doing is believed: between each client and its server stands a witness, which writes down what the
//! server was sent. Clients that ask a model are given one that does as it is told. What they ask of anybody beyond this machine goes
//! nowhere, and fails the test.
#![cfg(unix)]

mod bundle;
mod home;
mod installed;
mod kinds;
mod model;
mod official;
mod outside;
mod trial;
mod witness;

pub use bundle::refusal_of;
pub use kinds::{Kind, connect};
pub use official::{Job, drive};
pub use trial::{Call, Row, Table, Trial};
