//! What a client is tried with, and what came of it.

use std::fmt;

use serde_json::Value;
use toolwright_tests::Server;

use crate::{home::Home, witness::Witness};

/// A server, and what its clients are to do with it.
#[derive(Debug, Clone)]
pub struct Trial<'a> {
    /// The server, which runs.
    pub server: &'a Server,
    /// The path of its endpoint, with the account that calls are about, if there is one.
    pub path: &'a str,
    /// What clients call it.
    pub key: &'a str,
    /// The environment variable of the credential.
    pub variable: &'a str,
    /// A credential with which both calls are allowed.
    pub credential: &'a str,
    /// One with which the second is not.
    pub lesser: &'a str,
    /// How many tools the first one shows.
    pub tools: usize,
    /// A tool that reads.
    pub call: Call<'a>,
    /// Another tool; in the place of its answer the refusal.
    pub denied: Call<'a>,
}

/// A tool, its arguments, and a text that stands in what it answers.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The tool's name.
    pub tool: &'a str,
    /// Its arguments.
    pub arguments: Value,
    /// What its answer has in it.
    pub says: &'a str,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The client, and how it was reached.
    pub client: String,
    /// The version of what ran.
    pub version: String,
    /// The revision that it spoke.
    pub revision: String,
    /// How it says that it is connected.
    pub connected: String,
    /// How many tools it saw.
    pub tools: usize,
    /// What became of the call.
    pub call: String,
    /// What became of the one that was refused.
    pub denial: String,
}

/// All rows, in columns.
#[derive(Debug, Default)]
pub struct Table(pub Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["client", "version", "revision", "connected", "tools", "call", "denial"].map(str::to_owned);
        let rows = self.0.iter().cloned().map(|row| {
            [row.client, row.version, row.revision, row.connected, row.tools.to_string(), row.call, row.denial]
        });
        let rows: Vec<[String; 7]> = [head].into_iter().chain(rows).collect();
        let widths: Vec<usize> =
            (0..7).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
        for row in rows {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A trial of one client: a home in which it finds nothing, and the way to the server.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) trial: &'a Trial<'a>,
    pub(crate) home: Home,
    pub(crate) witness: Witness,
}

impl<'a> Place<'a> {
    pub(crate) async fn new(trial: &'a Trial<'a>) -> Self {
        let witness = Witness::before(&trial.server.address()).await;
        let mut home = Home::new().await;
        home.set(trial.variable, trial.credential);
        Self { trial, home, witness }
    }

    /// The endpoint as the client reaches it.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.witness.address(), self.trial.path)
    }

    /// What the server itself prints for a client, in a form that ends so, with the credential where a placeholder is.
    ///
    /// # Panics
    /// When it prints nothing.
    pub(crate) fn snippet(&self, client: &str, format: &str) -> String {
        let ran = self.trial.server.command(&["snippet", client, "--format", format, "--url", &self.url()]);
        assert!(ran.status.success(), "{client}: {}", ran.stderr);
        let placeholder = ran.stderr.trim().rsplit_once("in the place of ").map(|(_, placeholder)| placeholder);
        match placeholder {
            Some(placeholder) => ran.stdout.replace(placeholder, self.trial.credential),
            None => ran.stdout,
        }
    }

    /// What came of it, once the client has made both calls.
    ///
    /// # Panics
    /// When the client asked for anything beyond this machine, or the server did not answer as it should have.
    pub(crate) fn row(&self, client: &str, version: String, connected: &str, tools: usize) -> Row {
        let Trial { call, denied, .. } = self.trial;
        let revision = self.witness.revision_of(call.tool);
        let statuses = [call, denied].map(|call| self.witness.status_of(call.tool));
        assert_eq!(statuses, [Some(200), Some(403)], "{client} was answered:\n{}", self.witness.story());
        assert_eq!(self.home.wanted(), [""; 0], "{client} asks others");
        assert_eq!(tools, self.trial.tools, "{client} sees other tools than there are");
        Row {
            client: client.to_owned(),
            version,
            revision: revision.unwrap_or_else(|| panic!("{client} has not called:\n{}", self.witness.story())),
            connected: connected.to_owned(),
            tools,
            call: format!("{}: answered", call.tool),
            denial: format!("{}: refused for {}", denied.tool, denied.says),
        }
    }
}
