//! The built-in analyser: what can be said of runs by counting, without a language model.
//!
//! A [`Survey`] is taken of a run, one item at a time. `run` says what it shows, and `comparison` what
//! several show one beside the other, in the words of the manifest and in Markdown. All of it is computation: the same items give the same bytes, always.
//! Collected pages are other people's texts, so that everything that grows with them has a bound.

mod comparison;
mod lines;
mod numbers;
pub(crate) mod run;
mod survey;
pub(crate) mod templates;
mod vocabulary;
mod words;

pub(crate) use comparison::Comparison;
pub(crate) use survey::Survey;
