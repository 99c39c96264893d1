//! What is said between a request and its answer.

mod answer;
mod ask;

pub use answer::{Elicited, Role, Root, Roots, Sampled};
pub use ask::{Ask, Asks, Reworded};
