//! The clients, each driven as it can be without an account.

mod bridge;
mod claude_code;
mod codex;
mod gemini_cli;
mod inspector;
mod opencode;

use crate::{
    installed::has_programs,
    trial::{Row, Trial},
};

/// A client that can be driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Claude Code, before a model that does as it is told.
    ClaudeCode,
    /// The configuration of Claude Desktop, whose bridge is started as it starts it.
    ClaudeDesktop,
    /// Codex, as an editor uses it.
    Codex,
    /// Gemini CLI, before such a model.
    GeminiCli,
    /// The Inspector's command line.
    Inspector,
    /// OpenCode, before such a model.
    Opencode,
    /// The bridge for clients that speak stdio only.
    Other,
}

/// Tries each client in a home of its own. Without the programs it says `SKIPPED`, and there are no rows.
///
/// # Panics
/// When one does not connect, does not see the tools, or is told something else than it should be.
pub async fn connect(trial: &Trial<'_>, kinds: &[Kind]) -> Vec<Row> {
    let mut rows = Vec::new();
    if !has_programs() {
        return rows;
    }
    for kind in kinds {
        match kind {
            Kind::ClaudeCode => rows.push(claude_code::connect(trial).await),
            Kind::ClaudeDesktop => rows.push(bridge::from_configuration(trial).await),
            Kind::Codex => rows.push(codex::connect(trial).await),
            Kind::GeminiCli => rows.push(gemini_cli::connect(trial).await),
            Kind::Inspector => rows.extend(inspector::connect(trial).await),
            Kind::Opencode => rows.push(opencode::connect(trial).await),
            Kind::Other => rows.push(bridge::from_command(trial).await),
        }
    }
    rows
}
