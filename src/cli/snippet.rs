//! `snippet`: what a client has to be told to connect, for any name that it shall call the server by.

use anyhow::{Context as _, anyhow, bail, ensure};
use toolwright_core::{
    ClientKind,
    address::address,
    client::{Connection, LONGEST_NAME, Secret, Snippet, Source, is_name, is_variable, variable},
    environment::{ACCOUNT, option_env},
};

use super::{options::SnippetOptions, print};
use crate::ServerSpec;

/// What a client calls the server, and where it finds the credential.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) variable: &'a str,
}

/// Where the server is.
#[derive(Debug)]
pub(super) struct Target {
    /// The endpoint.
    pub(super) url: String,
    /// The account that calls are about, where they are about one.
    pub(super) account: String,
    /// The address of a server that stdio forwards to, without the endpoint's path.
    pub(super) base: String,
}

impl Target {
    /// What the client is told; at least one snippet.
    pub(super) fn snippets(
        &self,
        spec: &ServerSpec,
        client: ClientKind,
        named: Named<'_>,
        secret: Secret<'_>,
    ) -> Vec<Snippet> {
        let account_env = option_env(spec.name, ACCOUNT);
        client.snippets(&Connection {
            name: named.name,
            command: spec.name,
            credential: spec.credential.name,
            env: spec.credential.env,
            variable: named.variable,
            secret,
            url: &self.url,
            account: spec.account().map(|_| (account_env.as_str(), self.account.as_str())),
            gateway: spec.gateway.map(|gateway| (gateway.env, self.base.as_str())),
        })
    }
}

/// Prints the snippet alone on standard output, and on standard error where the credential belongs.
pub(super) fn run(spec: &ServerSpec, options: &SnippetOptions, account: Option<&str>) -> anyhow::Result<()> {
    let SnippetOptions { client, name, env, url, format } = options;
    let client = spec.clients.iter().copied().find(|kind| kind.as_str() == client);
    let client = client.context("the documentation explains no such client")?;
    let title = client.title();
    if let Some(name) = name {
        check_name(name, client, spec.tools.iter().map(|tool| tool.name))?;
    }
    if let Some(env) = env {
        ensure!(is_variable(env), "`{env}` is no name of a variable: write letters, digits and underscores");
    }
    let called = name.as_deref().unwrap_or(spec.key);
    let variable = env.clone().unwrap_or_else(|| variable(spec.credential.env, spec.key, called));
    let placeholder = spec.credential.placeholder();
    let target = target(spec, url.as_deref(), account)?;
    let named = Named { name: called, variable: &variable };
    let secret = match spec.credential.issuer() {
        Some(_) => Secret::SignIn { placeholder: &placeholder },
        None => Secret::Referred { placeholder: &placeholder },
    };
    let snippets = target.snippets(spec, client, named, secret);
    let Snippet { format: _, text, source, is_named } = in_format(client, snippets, format.as_deref())?;
    ensure!(name.is_none() || is_named, "{title} is told no name of the server here: leave --name out");
    let is_referred = !matches!(source, Source::Placeholder | Source::SignIn);
    ensure!(env.is_none() || is_referred, "{title} is not told of a variable here: leave --env out");
    print(&format!("{text}\n"))?;
    let credential = spec.credential.name;
    match source {
        Source::Variable => eprintln!("{}: the {credential} is read from {variable}", spec.name),
        Source::Prompt => eprintln!("{}: {title} asks for the {credential} when it starts the server", spec.name),
        Source::SignIn => eprintln!("{}: {title} has you sign in when it connects", spec.name),
        Source::Placeholder => eprintln!("{}: put your {credential} in the place of {placeholder}", spec.name),
    }
    Ok(())
}

fn check_name<'a>(name: &str, client: ClientKind, tools: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    ensure!(
        is_name(name),
        "`{name}` is no name that every client takes: write letters, digits, hyphens and underscores, a letter or \
         digit first, {LONGEST_NAME} at most"
    );
    let (Some(longest), Some(tool)) = (client.longest_names(), tools.max_by_key(|tool| tool.len())) else {
        return Ok(());
    };
    let room = longest.saturating_sub(tool.len());
    ensure!(
        name.len() <= room,
        "with this name, {} drops the tool {tool}: write a name of at most {room} characters",
        client.title()
    );
    Ok(())
}

fn in_format(client: ClientKind, snippets: Vec<Snippet>, format: Option<&str>) -> anyhow::Result<Snippet> {
    let formats: Vec<_> = snippets.iter().map(|snippet| snippet.format.extension()).collect();
    let known = formats.join(", ");
    let wanted = |snippet: &Snippet| format.is_none_or(|format| snippet.format.extension() == format);
    let found = snippets.into_iter().find(wanted);
    found.ok_or_else(|| anyhow!("{} is told nothing in this form; there is: {known}", client.title()))
}

/// Where the client finds the server: where it is declared, or at `url`, with an account in its place.
fn target(spec: &ServerSpec, url: Option<&str>, account: Option<&str>) -> anyhow::Result<Target> {
    let shown = account.or(spec.account().map(|(_, declared)| declared.placeholder)).unwrap_or_default();
    let Some(given) = url else {
        let origin = spec.endpoint.strip_suffix(spec.path).unwrap_or(spec.endpoint);
        let path = spec.url_of(spec.route, shown);
        let url = if spec.account().is_some() { format!("{origin}{path}") } else { spec.endpoint.to_owned() };
        let base = spec.gateway.map(|gateway| gateway.example.to_owned()).unwrap_or_default();
        return Ok(Target { url, account: shown.to_owned(), base });
    };
    let filled = spec.url_of(given, shown);
    if let (Some((binding, _)), Some(_), true) = (spec.account(), account, filled == given) {
        bail!(
            "the URL has no place for the {}: write {{{}}} there, or leave --account out",
            binding.words(),
            binding.name
        );
    }
    let url = address(&filled, spec.endpoint).map_err(|unfit| anyhow!("the URL {unfit}"))?;
    // Several clients take what follows it for a reference, and no quotation marks keep them from it.
    ensure!(!url.as_str().contains('$'), "the URL has a `$`, which clients take for a variable: write %24");
    // An account that is written into the URL is the one that calls over stdio are about too.
    let named = spec.named_in(url.path()).filter(|_| filled == given).unwrap_or(shown);
    let base = url.as_str().strip_suffix(&spec.url_of(spec.route, named));
    let base = base.map_or_else(|| url.origin().ascii_serialization(), str::to_owned);
    Ok(Target { url: url.as_str().to_owned(), account: named.to_owned(), base })
}

#[cfg(test)]
mod tests {
    use toolwright_core::ClientKind;

    use super::check_name;

    #[test]
    fn cursor_is_told_no_name_with_which_it_would_drop_a_tool() {
        let tools = ["whoami", "summarize_inference_errors"];
        let check = |client, length| check_name(&"a".repeat(length), client, tools.into_iter());
        assert!(check(ClientKind::Cursor, 34).is_ok());
        let said = check(ClientKind::Cursor, 35).map_err(|error| error.to_string());
        let expected =
            "with this name, Cursor drops the tool summarize_inference_errors: write a name of at most 34 characters";
        assert_eq!(said, Err(expected.to_owned()));
        assert!(check(ClientKind::Codex, 40).is_ok());
    }
}
