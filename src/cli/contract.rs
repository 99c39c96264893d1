//! `contract`: every tool with every key, held against the API that the calls are forwarded to.

use std::env;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};

use super::{Context, Start, aligned, first_token::Introduced, make, options::LogOption, print, settings::Offered};
use crate::{
    Handlers, Secrets, ServerSpec,
    comparison::{Comparison, Finding},
    credential::Verifier,
    log,
};

/// The command that a server has whose credentials an API checks.
#[derive(Debug, Subcommand)]
pub(super) enum ContractCommand<A: Args> {
    /// Call every tool with every key, and compare what the manifest allows with what the API allows.
    #[command(
        long_about = "Call every tool with every key, about everything that the key reaches, and compare what the manifest \
                      allows with what the API allows. The arguments are those of the tool's first example, and the \
                      server's own check of scopes is set aside, so that the API is asked also for what the manifest \
                      refuses. A tool that asks its client for something while it runs is not called; one that asks a person \
                      to agree before is.\n\nWhat a tool writes is written. Use it with a system for tests, and with one key of each \
                      kind: one that may only read, one that may write."
    )]
    Contract(ContractOptions<A>),
}

impl<A: Args> ContractCommand<A> {
    /// Its name.
    pub(super) const NAME: &str = "contract";
}

#[derive(Debug, Args)]
pub(super) struct ContractOptions<A: Args> {
    /// An environment variable that holds a key; messages name the key by it
    #[arg(required = true, value_name = "KEY_ENV")]
    keys: Vec<String>,
    #[command(flatten)]
    log: LogOption,
    #[command(flatten)]
    own: A,
}

/// # Errors
/// When a key cannot be used, and when manifest and API differ somewhere.
pub(super) async fn run<A, F>(spec: &'static ServerSpec, options: ContractOptions<A>, setup: F) -> anyhow::Result<()>
where
    A: Args,
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let ContractOptions { keys, log: LogOption { log_format }, own } = options;
    let secrets = Secrets::of(spec);
    log::start(log_format, &secrets);
    let keys: Vec<(String, String)> = keys.into_iter().map(key_in).collect::<anyhow::Result<_>>()?;
    eprintln!("{}: what tools write is written: do this with a system for tests only", spec.name);
    let verifier = Verifier::new(spec, None, spec.endpoint, &secrets)?;
    // The process serves nobody, and so introduces no credential to anybody.
    let begun = Start {
        first_account: None,
        is_private: false,
        introduced: Introduced::default(),
        offered: Offered::default(),
    };
    let (handlers, background) = make(spec, &verifier, begun, secrets.clone(), own, setup).await?;
    let comparison = Comparison::new(spec, verifier, secrets.clone(), handlers);
    let findings = compare(&comparison, &keys).await;
    comparison.finish().await;
    background.finish().await;
    report(spec, &secrets, &findings?)
}

fn key_in(name: String) -> anyhow::Result<(String, String)> {
    let key = env::var(&name).with_context(|| format!("the environment has no key in {name}"))?;
    ensure!(!key.is_empty(), "the environment has no key in {name}: it is empty");
    Ok((name, key))
}

async fn compare(comparison: &Comparison, keys: &[(String, String)]) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (name, key) in keys {
        findings.extend(comparison.of_key(name, key).await?);
    }
    Ok(findings)
}

/// Prints a line for each call.
///
/// # Errors
/// With every difference, if there is one.
fn report(spec: &ServerSpec, secrets: &Secrets, findings: &[Finding]) -> anyhow::Result<()> {
    let about = spec.bound().map_or_else(|| "ABOUT".to_owned(), |binding| binding.words().to_uppercase());
    let header = ["TOOL".to_owned(), "KEY".to_owned(), about, "EXPECTED".to_owned(), "FOUND".to_owned()];
    let rows = findings.iter().map(|finding| {
        [
            finding.tool.to_owned(),
            finding.key.clone(),
            finding.about.clone().unwrap_or_else(|| "-".to_owned()),
            finding.expected_in_words().to_owned(),
            finding.found.in_words().to_owned(),
        ]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    print(&secrets.redact_text(&aligned(&rows)))?;
    let differences: Vec<String> = findings.iter().filter_map(Finding::difference).collect();
    match differences.as_slice() {
        [] => Ok(()),
        differences => {
            let count = match differences.len() {
                1 => "1 call".to_owned(),
                several => format!("{several} calls"),
            };
            let list = secrets.redact_text(&differences.join("\n- ")).into_owned();
            bail!("manifest and API differ in {count} of {}:\n- {list}", findings.len())
        }
    }
}
