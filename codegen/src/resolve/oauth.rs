//! The OAuth issuer of access tokens: where it is, and how what it gives is checked.

use toolwright_core::address::{Unfit, address};

use super::{Faults, scopes::ResolvedScopes, server::duration};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::{
        Credential, Name, Text,
        oauth::{OAuth, SigningAlgorithm},
        server::{BindingSource, Verify},
    },
    source::Place,
};

/// What a signature can have when nothing else is said: what issuers use, and nothing that is on its way out.
const ALGORITHMS: [SigningAlgorithm; 3] = [SigningAlgorithm::RS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA];

/// How long keys are used before they are asked for again, in seconds, and the longest that this can be: so long a
/// key counts that was withdrawn.
const KEYS_CACHE: u64 = 300;
const LONGEST_KEYS_CACHE: u64 = 3600;

/// How long an answer on a token is believed, in seconds, and the longest that this can be: so long a token can be
/// taken that was revoked.
const ANSWER_CACHE: u64 = 30;
const LONGEST_ANSWER_CACHE: u64 = 300;

/// Whether an issuer is declared where one gives credentials, and only what goes with the way in which they are checked.
pub(super) fn check_place(credential: &Credential, declared: &Declared, faults: &mut Faults) {
    let verify = &credential.verify;
    let is_issuers = matches!(verify.value, Verify::Jwt | Verify::Introspection);
    let mut refuse = |at: Place, title: &str, help: &str| {
        faults.push(Diagnostic::new(Code::InvalidIssuer, at, title).and(verify.at, "who checks them").help(help));
    };
    match &credential.oauth {
        Some(oauth) if !is_issuers => refuse(
            oauth.issuer.at,
            "an issuer is declared, and its tokens are not what callers present",
            "remove `oauth`, or use `verify: jwt` or `verify: introspection`",
        ),
        Some(oauth) => check_ways(verify.value, oauth, &mut refuse),
        None => {}
    }
    if !is_issuers {
        return;
    }
    if credential.oauth.is_none() {
        let title = "nothing says whose tokens callers present";
        let help = "add `oauth` to the credential, with `issuer` and `env`";
        faults.push(Diagnostic::new(Code::InvalidIssuer, verify.at, title).help(help));
    }
    if let Some(lifetime) = &credential.lifetime {
        let title = "a lifetime is given to credentials that an issuer creates";
        faults.push(
            Diagnostic::new(Code::InvalidIssuer, lifetime.at, title)
                .and(verify.at, "who checks them")
                .help("remove `lifetime`: how long they live is decided there"),
        );
    }
    check_bindings(credential, declared, faults);
}

/// What one way to check has, and the other has not.
fn check_ways(verify: Verify, oauth: &OAuth, refuse: &mut impl FnMut(Place, &str, &str)) {
    let OAuth { jwks, algorithms, introspection, .. } = oauth;
    match (verify, introspection) {
        (Verify::Introspection, None) => refuse(
            oauth.issuer.at,
            "nothing says as whom the server asks this issuer",
            "add `introspection`, with `client_id_env` and `client_secret_env`",
        ),
        (Verify::Jwt, Some(introspection)) => refuse(
            introspection.client_id_env.at,
            "the issuer is to be asked about tokens, and the server reads them itself",
            "remove `introspection`, or use `verify: introspection`",
        ),
        _ => {}
    }
    if verify == Verify::Introspection {
        let first = algorithms.as_ref().and_then(|algorithms| algorithms.first());
        let keys = [("jwks", jwks.as_ref().map(|jwks| jwks.at)), ("algorithms", first.map(|first| first.at))];
        for (key, at) in keys.into_iter().filter_map(|(key, at)| Some((key, at?))) {
            refuse(
                at,
                &format!("`{key}` is for signatures, and the issuer is asked about tokens instead"),
                &format!("remove `{key}`, or use `verify: jwt`"),
            );
        }
    }
}

/// A binding from the path is an account that the server keeps, with users who are its members.
fn check_bindings(credential: &Credential, declared: &Declared, faults: &mut Faults) {
    // A section that could not be read has its own faults.
    let Some(bindings) = declared.manifest.bindings.good() else { return };
    for (name, binding) in bindings.iter().filter_map(|(name, binding)| Some((name, binding.good()?))) {
        if binding.from.value == BindingSource::Path {
            let title = format!(
                "the binding {} would be an account of the server's own, and an issuer knows none",
                quoted(name)
            );
            faults.push(
                Diagnostic::new(Code::InvalidIssuer, name.at, title)
                    .and(credential.verify.at, "who checks credentials")
                    .help("leave it out and tell whose data a call is about by its subject, or use `verify: tokens`"),
            );
        }
    }
}

pub(super) fn jwt(oauth: &OAuth, scopes: &ResolvedScopes<'_, '_>, faults: &mut Faults) -> api::Jwt {
    let issuer = issuer(oauth, scopes, faults);
    let keys = oauth.jwks.as_ref().map(|jwks| place(jwks, faults));
    let algorithms = match &oauth.algorithms {
        None => ALGORITHMS.to_vec(),
        Some(algorithms) => {
            faults.check_once(algorithms.iter().map(|algorithm| (algorithm.value.as_str(), algorithm.at)));
            algorithms.iter().map(|algorithm| algorithm.value).collect()
        }
    };
    api::Jwt {
        issuer,
        keys,
        algorithms: algorithms.into_iter().map(SigningAlgorithm::as_str).collect(),
        cache_seconds: cache(oauth.cache.as_ref(), KEYS_CACHE, LONGEST_KEYS_CACHE, faults),
    }
}

pub(super) fn introspection(
    oauth: &OAuth,
    scopes: &ResolvedScopes<'_, '_>,
    faults: &mut Faults,
) -> Option<api::Introspection> {
    let issuer = issuer(oauth, scopes, faults);
    let cache_seconds = cache(oauth.cache.as_ref(), ANSWER_CACHE, LONGEST_ANSWER_CACHE, faults);
    let introspection = oauth.introspection.as_ref()?;
    Some(api::Introspection {
        issuer,
        endpoint: introspection.endpoint.as_ref().map(|endpoint| place(endpoint, faults)),
        client_id_env: introspection.client_id_env.value.clone(),
        client_secret_env: introspection.client_secret_env.value.clone(),
        cache_seconds,
    })
}

fn issuer(oauth: &OAuth, scopes: &ResolvedScopes<'_, '_>, faults: &mut Faults) -> api::Issuer {
    let OAuth { issuer, env, audience, scopes: asked, scope_claim, .. } = oauth;
    check_address(issuer, issuer, faults);
    if let Some(audience) = audience.as_ref().filter(|audience| audience.contains(char::is_whitespace)) {
        let title = format!("{} is no audience that a token can have", quoted(audience));
        let help = "write it as the issuer has it, usually a URL, without spaces";
        faults.push(Diagnostic::new(Code::InvalidIssuer, audience.at, title).help(help));
    }
    if let Some(claim) = scope_claim.as_ref().filter(|claim| claim.trim().is_empty()) {
        let title = "a claim has a name";
        faults.push(Diagnostic::new(Code::InvalidIssuer, claim.at, title).help("leave `scope_claim` out for `scope`"));
    }
    api::Issuer {
        url: issuer.value.clone(),
        env: env.value.clone(),
        audience: audience.as_ref().map(|audience| audience.value.clone()),
        scope_claim: scope_claim.as_ref().map(|claim| claim.value.clone()),
        scopes: asked.as_ref().map_or_else(|| scopes.reading(), |asked| scopes.listed(asked, faults)),
    }
}

/// A place at the issuer. It can have a query, by which some issuers tell their tenants apart.
fn place(declared: &Text, faults: &mut Faults) -> String {
    check_address(declared, declared.split_once('?').map_or(declared.as_str(), |(before, _)| before), faults);
    declared.value.clone()
}

fn check_address(declared: &Text, address_of_it: &str, faults: &mut Faults) {
    if let Err(Unfit { why, help }) = address(address_of_it, "https://auth.example.com") {
        let title = format!("the address {} {why}", quoted(declared));
        faults.push(Diagnostic::new(Code::InvalidIssuer, declared.at, title).help(help));
    }
}

fn cache(declared: Option<&Name>, otherwise: u64, longest: u64, faults: &mut Faults) -> u64 {
    let Some(cache) = declared else { return otherwise };
    let seconds = duration(cache, &[("s", 1), ("m", 60)]).filter(|seconds| (1..=longest).contains(seconds));
    if seconds.is_none() {
        let title = format!("{} is not a time for which an issuer can be believed", quoted(cache));
        let help = format!("use a number of seconds or minutes from `1s` to `{}m`", longest / 60);
        faults.push(Diagnostic::new(Code::InvalidIssuer, cache.at, title).help(help));
    }
    seconds.unwrap_or(otherwise)
}
