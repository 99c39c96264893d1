//! What the server's operator does at its machine, beside running it.

use std::io::{self, Write as _};

use anyhow::{Context as _, ensure};
use toolwright::Secrets;

use crate::store::{self, Files, Stores};

pub(crate) mod connection;
pub(crate) mod package;
pub(crate) mod schedule;

/// Works on the store that is there: a command makes none by mistake.
async fn with(files: &Files, work: impl AsyncFnOnce(&Stores) -> anyhow::Result<()>) -> anyhow::Result<()> {
    ensure!(files.store.is_file(), "there is no store {}: name it with --store", files.store.display());
    with_new(files, work).await
}

/// Works on a store, and makes it first where there is none.
async fn with_new(files: &Files, work: impl AsyncFnOnce(&Stores) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let stores = store::open(files, &Secrets::default()).await?;
    let done = work(&stores).await;
    stores.close().await;
    done
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

/// What can stand in a table and in a log.
fn label(text: &str) -> Result<String, String> {
    let printable = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    if text.trim() == text && (1..=120).contains(&text.chars().count()) && text.chars().all(printable) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 120 printable characters".to_owned())
    }
}

/// An account, as the store knows it: not by its subdomain, which URLs can have as well.
pub(crate) fn account(text: &str) -> Result<String, String> {
    let id = text.parse::<i64>().ok().filter(|id| *id > 0);
    id.map(|id| id.to_string()).ok_or_else(|| "write the account's id, a number, as `account list` shows it".to_owned())
}
