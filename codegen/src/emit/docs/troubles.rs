//! The rows of the troubleshooting tables: those of the error catalogue that the server can say, and those of the manifest.

use serde::Serialize;
use toolwright_core::{
    ErrorCode, ErrorEntry,
    environment::{ACCOUNT, option_env},
    errors::binding_fix,
};

use crate::{
    api::{Api, Binding, BindingSource, Credential, Feature, Tokens, Trouble, Verify},
    emit::wording,
    names,
};

#[derive(Serialize)]
pub(super) struct TroubleRow {
    symptom: String,
    cause: Option<String>,
    fix: String,
}

/// What people who use a client meet.
pub(super) fn of_users(api: &Api) -> Vec<TroubleRow> {
    trouble_rows(api, false)
        .chain(expired_grant_row(&api.credential))
        .chain(forwarding_rows(&api.credential))
        .chain(issuer_rows(api))
        .chain(declared_trouble_rows(&api.docs.troubleshooting))
        .collect()
}

/// What only whoever writes a client meets.
pub(super) fn of_clients(api: &Api) -> Vec<TroubleRow> {
    trouble_rows(api, true).collect()
}

/// What the catalogue has for this server: of what clients do wrong, or of all else.
fn trouble_rows(api: &Api, about_clients: bool) -> impl Iterator<Item = TroubleRow> {
    let applies = move |code: &&ErrorCode| {
        code.is_about_clients() == about_clients
            && (!code.is_about_prompts() || !api.prompts.is_empty())
            && (!code.is_about_resources() || !api.resources.is_empty())
            && is_said(api, **code)
            && (!code.is_about_gateways() || api.server.gateway.is_some())
            && (!code.is_about_grants() || api.credential.password_grant().is_some())
            && (!code.is_about_call_limits() || limits_calls(api))
            && (!code.is_about_costs() || api.tools.iter().any(|tool| tool.costs.is_some()))
            && (!code.is_about_confirmations() || api.tools.iter().any(|tool| tool.confirmation.is_some()))
            && (!code.is_about_asks() || asks(api))
            && match api.credential.verify {
                Verify::Tokens(_) => !code.is_about_upstreams() && !code.is_about_issuers(),
                Verify::Upstream(_) => !code.is_about_lifetimes() && !code.is_about_issuers(),
                Verify::Jwt(_) | Verify::Introspection(_) => !code.is_about_upstreams(),
            }
    };
    ErrorCode::ALL.iter().filter(applies).map(move |code| {
        let ErrorEntry { code: _, name: _, status: _, json_rpc, symptom, cause, fix } =
            if api.credential.issuer().is_some() { code.entry_where_issued() } else { code.entry() };
        // Who writes a client sees the code, and people the client's words for it.
        let said = json_rpc.filter(|_| about_clients).map(|said| format!(" (`{said}`)")).unwrap_or_default();
        let symptom = format!("{}{said}", filled(api, symptom));
        TroubleRow { symptom, cause: Some(filled(api, cause)), fix: filled(api, fix) }
    })
}

/// Whether a client can be asked for anything.
pub(super) fn asks(api: &Api) -> bool {
    api.tools.iter().any(|tool| !tool.asks.is_empty()) || api.prompts.iter().any(|prompt| !prompt.asks.is_empty())
}

/// Whether a credential can make too many calls.
pub(super) fn limits_calls(api: &Api) -> bool {
    api.server.calls_per_minute.is_some() || api.server.calls_in_flight.is_some()
}

/// Whether the server can say it, as far as that is about what its calls are about.
fn is_said(api: &Api, code: ErrorCode) -> bool {
    match (api.server.binding.as_ref().map(|binding| &binding.from), code) {
        (Some(BindingSource::Path(account)), ErrorCode::ForeignAccount) => !account.hides_foreign,
        (Some(BindingSource::Path(account)), ErrorCode::FeatureDisabled) => account.feature.is_some(),
        (Some(BindingSource::Path(_)), code) => !code.is_about_bound_values(),
        (Some(BindingSource::Credential), ErrorCode::BindingNotFound) => false,
        (Some(BindingSource::Credential | BindingSource::Argument), code) => !code.is_about_accounts(),
        (None, code) => !code.is_about_accounts() && !code.is_about_bound_values(),
    }
}

/// What a program is told that has got its credential for a password.
fn expired_grant_row(Credential { name, create_at, verify, .. }: &Credential) -> Option<TroubleRow> {
    let Verify::Tokens(Tokens { form: _, lifetime_seconds, password_grant: Some(grant) }) = verify else { return None };
    Some(TroubleRow {
        symptom: format!("401, expired, after {}", wording::duration(grant.lifetime_seconds)),
        cause: Some(format!("The {name} was given for a password.")),
        fix: format!(
            "Ask for another; better, create one in {create_at}, which lives for {}.",
            wording::duration(*lifetime_seconds)
        ),
    })
}

/// What a tool is told by the API that checks credentials, though the server has let the call through.
fn forwarding_rows(Credential { name, create_at, verify, .. }: &Credential) -> Vec<TroubleRow> {
    let row =
        |symptom: &str, cause: String, fix: String| TroubleRow { symptom: symptom.to_owned(), cause: Some(cause), fix };
    match verify {
        Verify::Tokens(_) | Verify::Jwt(_) | Verify::Introspection(_) => Vec::new(),
        Verify::Upstream(_) => vec![
            row(
                "A tool answers `unknown_credential`",
                format!("The API has refused the {name}: it was revoked a short while ago."),
                format!("Create another in {create_at} and put it into your client's configuration."),
            ),
            row(
                "A tool answers `insufficient_scope`",
                format!("The API does not let the {name} do what the tool asks for; the message is the API's."),
                format!("Create one that allows it in {create_at}."),
            ),
        ],
    }
}

/// What people meet whose client signs in, and where to look.
fn issuer_rows(api: &Api) -> Vec<TroubleRow> {
    let Some(issuer) = api.credential.issuer() else { return Vec::new() };
    let name = &api.credential.name;
    let row =
        |symptom: &str, cause: String, fix: String| TroubleRow { symptom: symptom.to_owned(), cause: Some(cause), fix };
    vec![
        row(
            "The browser shows an error when you sign in",
            format!("{} does not know your client, or not what it asks for.", issuer.url),
            "Tell whoever runs it what the error says: your client has to be allowed there, and this server as a resource.".to_owned(),
        ),
        row(
            "You sign in, and your client asks you to sign in again",
            format!("The {name} that it got was not issued for this server."),
            format!(
                "Tell whoever runs the server: its log says why it was refused, most often for its audience, which has to be {}.",
                issuer.audience.as_ref().unwrap_or(&api.server.endpoint)
            ),
        ),
        row(
            "Your client has a header for this server, and is refused",
            "A client that sends a header of its own does not sign in.".to_owned(),
            "Remove the header from its configuration.".to_owned(),
        ),
    ]
}

fn declared_trouble_rows(declared: &[Trouble]) -> impl Iterator<Item = TroubleRow> {
    declared.iter().map(|Trouble { symptom, cause, fix }| TroubleRow {
        symptom: symptom.clone(),
        cause: cause.clone(),
        fix: fix.clone(),
    })
}

/// An entry's text with the facts of this server in place of their names.
fn filled(api: &Api, text: &str) -> String {
    let Api { server, credential, .. } = api;
    let binding = |fact: fn(&Binding) -> String| server.binding.as_ref().map(fact).unwrap_or_default();
    let account = server.account().map(|(_, account)| account);
    let feature = |fact: fn(&Feature) -> &str| {
        let feature = account.and_then(|account| account.feature.as_ref());
        feature.map(|feature| fact(feature).to_owned()).unwrap_or_default()
    };
    let facts = [
        // It has names of its own.
        ("{binding_fix}", binding(|binding| binding_fix(matches!(binding.from, BindingSource::Argument)).to_owned())),
        ("{credential}", credential.name.clone()),
        ("{prefix}", credential.form().map(|form| form.prefix.clone()).unwrap_or_default()),
        ("{create_at}", credential.create_at.clone()),
        ("{endpoint}", server.endpoint.clone()),
        ("{path}", server.path.clone()),
        ("{env}", credential.env.clone()),
        ("{gateway_env}", server.gateway.as_ref().map(|gateway| gateway.env.clone()).unwrap_or_default()),
        ("{grant_path}", credential.password_grant().map(|grant| grant.path.clone()).unwrap_or_default()),
        ("{binding}", binding(Binding::words)),
        ("{Binding}", binding(|binding| names::heading(&binding.name))),
        ("{placeholder}", account.map(|account| account.placeholder.clone()).unwrap_or_default()),
        ("{description}", binding(|binding| binding.description.clone())),
        ("{account_env}", option_env(&server.name, ACCOUNT)),
        ("{flag}", feature(|feature| &feature.flag)),
        ("{flag_message}", feature(|feature| &feature.message)),
        ("{flag_fix}", feature(|feature| &feature.fix)),
        ("{call_seconds}", server.call_seconds.to_string()),
        ("{body_bytes}", server.body_bytes.to_string()),
    ];
    facts.iter().fold(text.to_owned(), |text, (name, fact)| text.replace(name, fact))
}
