//! What data flows become, and what they do to real databases.

mod cases;
mod edits;
