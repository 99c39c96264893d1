//! The built-in analyser: what can be said of runs by counting; and what a language model is asked.
//!
//! A [`Survey`] is taken of a run, one item at a time. `run` says what it shows, and `comparison` what
//! several show one beside the other. What they found is a [`Report`]: told in the words of the
//! manifest and in Markdown, or made into a question to a model. All of it is computation: the same
//! items give the same bytes, always. Collected pages are other people's texts, so that everything
//! that grows with them has a bound.

mod comparison;
mod excerpts;
mod lines;
mod numbers;
mod report;
pub(crate) mod run;
mod survey;
pub(crate) mod templates;
mod vocabulary;
mod words;

pub(crate) use comparison::Comparison;
pub(crate) use excerpts::Share;
pub(crate) use report::{Question, Report, Written};
pub(crate) use survey::Survey;
