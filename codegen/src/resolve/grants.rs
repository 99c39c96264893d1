//! The password grant: where it is asked for, and what it gives.

use super::{
    Faults,
    scopes::ResolvedScopes,
    server,
    urls::{TAKEN, is_plain},
};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::{
        Binding, Credential, Name, Section,
        server::{BindingSource, PasswordGrant, Verify},
    },
};

/// The longest that a credential for a password can live, in seconds: whoever needs one for longer
/// creates one.
const LONGEST_LIFETIME: u64 = 86_400;

pub(super) fn resolve(
    grant: &PasswordGrant,
    credential: &Credential,
    declared: &Declared,
    scopes: &ResolvedScopes<'_, '_>,
    faults: &mut Faults,
) -> api::PasswordGrant {
    check_users(grant, credential, declared, faults);
    check_path(&grant.path, declared, faults);
    let lifetime = server::seconds(&grant.lifetime).filter(|seconds| *seconds <= LONGEST_LIFETIME);
    if lifetime.is_none() {
        let title = format!("{} is no lifetime of a credential for a password", quoted(&grant.lifetime));
        faults.push(
            Diagnostic::new(Code::InvalidGrant, grant.lifetime.at, title)
                .help("use a number of minutes or hours up to 24 hours, as `2h`"),
        );
    }
    api::PasswordGrant {
        path: grant.path.value.clone(),
        lifetime_seconds: lifetime.unwrap_or_default(),
        scopes: scopes.listed(&grant.scopes, faults),
    }
}

/// Whose password it is, and who keeps what it gives.
fn check_users(grant: &PasswordGrant, credential: &Credential, declared: &Declared, faults: &mut Faults) {
    if credential.verify.value != Verify::Tokens {
        let title = "a password grant makes tokens, and this server keeps none";
        faults.push(
            Diagnostic::new(Code::InvalidGrant, grant.path.at, title)
                .and(credential.verify.at, "checked elsewhere")
                .help("remove the grant, or use `verify: tokens`"),
        );
    }
    // A section that could not be read has its own faults.
    let Some(bindings) = declared.manifest.bindings.good() else { return };
    let names_account = |binding: &Section<Binding>| {
        binding.good().is_none_or(|binding| matches!(binding.from.value, BindingSource::Path))
    };
    if !bindings.iter().any(|(_, binding)| names_account(binding)) {
        let title = "a password grant is for users, and this server has none";
        faults.push(Diagnostic::new(Code::InvalidGrant, grant.path.at, title).help(
            "remove the grant, or declare a binding with `from: path`, which gives the server accounts and users",
        ));
    }
}

fn check_path(path: &Name, declared: &Declared, faults: &mut Faults) {
    let server = declared.manifest.server.as_ref().and_then(|section| section.good());
    let endpoint = server.map(|server| server.endpoint.as_str()).unwrap_or_default();
    if let Err((why, help)) = unfit(path, endpoint_path(endpoint)) {
        let title = format!("the path {} {why}", quoted(path));
        faults.push(Diagnostic::new(Code::InvalidGrant, path.at, title).help(help));
    }
}

fn unfit(path: &str, endpoint: &str) -> Result<(), (&'static str, &'static str)> {
    const ANOTHER: &str = "use another path, as `/oauth/token`";
    if !path.starts_with('/') || path.ends_with('/') || !is_plain(path) || path.split('/').any(|part| part == "..") {
        let help =
            "start with a slash, and use letters, digits, `-`, `_`, `.` and `~` between slashes, as `/oauth/token`";
        return Err(("is not one that a grant can have", help));
    }
    if path == "/.well-known" || path.starts_with("/.well-known/") {
        return Err(("is where OAuth is discovered, which clients would take for a way to sign in", ANOTHER));
    }
    if TAKEN.contains(&path) {
        return Err(("is one that the server answers itself", ANOTHER));
    }
    if meets(path, endpoint) {
        return Err(("is one that the endpoint can have", ANOTHER));
    }
    Ok(())
}

/// The path of an endpoint, which may have placeholders and be wrong in other ways.
fn endpoint_path(endpoint: &str) -> &str {
    let after = endpoint.split_once("://").map_or(endpoint, |(_, after)| after);
    after.find('/').map_or("/", |at| &after[at..])
}

/// Whether a path is one of those that an endpoint stands for: a placeholder is any one part.
fn meets(path: &str, endpoint: &str) -> bool {
    let (mut path, mut endpoint) = (path.split('/'), endpoint.split('/'));
    loop {
        match (path.next(), endpoint.next()) {
            (None, None) => return true,
            (Some(part), Some(of)) if part == of || of.contains(['{', '}']) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{endpoint_path, unfit};

    #[test]
    fn a_grant_has_a_path_of_its_own() {
        let endpoint = "https://api.example.com/{account}/api/mcp";
        let refused = |path: &str| unfit(path, endpoint_path(endpoint)).is_err();
        for path in ["/oauth/token", "/token", "/a/api/mcp2", "/a/api", "/a/b/api/mcp", "/.well-known2/x", "/api/mcp"] {
            assert!(!refused(path), "{path}");
        }
        for path in [
            "",
            "/",
            "token",
            "/token/",
            "/oauth//token",
            "/../token",
            "/oauth token",
            "/{account}/token",
            "/tok%65n",
            "/token?x",
            "/healthz",
            "/readyz",
            "/.well-known",
            "/.well-known/oauth",
            "/1/api/mcp",
            "/oauth/api/mcp",
        ] {
            assert!(refused(path), "{path}");
        }
        assert!(unfit("/mcp", endpoint_path("https://api.example.com/mcp")).is_err());
        assert!(unfit("/oauth", endpoint_path("https://api.example.com/{account}")).is_err());
        assert!(unfit("/oauth", endpoint_path("https://api.example.com")).is_ok());
    }
}
