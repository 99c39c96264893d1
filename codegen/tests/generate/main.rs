//! The generator from the outside: the real program on folders of its own.

mod clients;
#[cfg(unix)]
mod curl;
mod docs;
mod edits;
mod golden;
mod output;
mod tool_list;
mod workspace;
