//! Addresses: the endpoint, which clients are told to connect to and the server answers at, and that of
//! a server that stdio forwards to.

use toolwright_core::address::{Unfit, address};

use super::Faults;
use crate::{
    api::Binding,
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{Text, server::Gateway},
};

/// Paths that the runtime answers itself.
pub(super) const TAKEN: &[&str] = &["/healthz", "/readyz"];

/// Where a server is.
#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    /// Its URL as people see it.
    pub(crate) url: String,
    /// The path of it.
    pub(crate) path: String,
    /// The path as it is declared.
    pub(crate) route: String,
}

/// The endpoint as it is declared, and as people see it. What is wrong with a placeholder that nothing
/// binds is told elsewhere.
pub(crate) fn endpoint(declared: &Text, binding: Option<&Binding>, faults: &mut Faults) -> Endpoint {
    let account = binding.and_then(|binding| Some((&binding.name, binding.account()?)));
    let placeholder = account.map(|(name, account)| (format!("{{{name}}}"), account.placeholder.as_str()));
    let url = match &placeholder {
        Some((name, shown)) => declared.replace(name, shown),
        None => declared.value.clone(),
    };
    if url.contains(['{', '}']) {
        return Endpoint::default();
    }
    match path(&url) {
        Ok(path) => Endpoint { route: if account.is_some() { route(declared) } else { path.clone() }, url, path },
        Err((why, help)) => {
            let help = placeholder.iter().fold(help, |help, (name, shown)| help.replace(shown, name));
            let title = format!("the endpoint {} {why}", quoted(declared));
            faults.push(Diagnostic::new(Code::InvalidServer, declared.at, title).help(help));
            Endpoint::default()
        }
    }
}

fn route(endpoint: &str) -> String {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    host.find('/').map(|start| host[start..].to_owned()).unwrap_or_default()
}

/// An address of a server to forward to, to show in the documentation: as declared, or that of the
/// endpoint, which has a path.
pub(crate) fn gateway_example(gateway: &Gateway, endpoint: &str, path: &str, faults: &mut Faults) -> String {
    let Some(example) = &gateway.example else {
        return endpoint.strip_suffix(path).unwrap_or(endpoint).to_owned();
    };
    if let Err(Unfit { why, help }) = address(example, "http://localhost:8081") {
        let title = format!("the address {} {why}", quoted(example));
        faults.push(Diagnostic::new(Code::InvalidServer, example.at, title).help(help));
    }
    example.value.clone()
}

fn path(endpoint: &str) -> Result<String, (String, String)> {
    let refuse = |why: &str, help: &str| Err((why.to_owned(), help.to_owned()));
    let url = address(endpoint, "https://api.example.com/mcp").map_err(|Unfit { why, help }| (why, help))?;
    let written = endpoint.trim_end_matches('/');
    if url.as_str().trim_end_matches('/') != written || (url.path() != "/" && endpoint.ends_with('/')) {
        let canonical = url.as_str().trim_end_matches('/');
        return Err(("is not written in its plain form".into(), format!("write `{canonical}`")));
    }
    if !is_plain(url.path()) {
        return refuse(
            "has a path with unusual characters",
            "use letters, digits, `-`, `_`, `.` and `~` between slashes",
        );
    }
    if TAKEN.contains(&url.path()) {
        return refuse("has a path that the server answers itself", "use another path, as `/mcp`");
    }
    Ok(url.path().to_owned())
}

/// Whether a path reads the same everywhere.
pub(super) fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.bytes().all(plain) && !path.contains("//")
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn endpoints_are_plain_and_safe() {
        let accepted = [
            ("https://api.example.com/mcp", "/mcp"),
            ("https://api.example.com", "/"),
            ("https://api.example.com/", "/"),
            ("https://api.example.com:8443/a/b-c", "/a/b-c"),
            ("http://localhost:8080/mcp", "/mcp"),
            ("http://127.0.0.1/mcp", "/mcp"),
            ("http://[::1]:9/mcp", "/mcp"),
        ];
        for (endpoint, expected) in accepted {
            assert_eq!(path(endpoint).as_deref(), Ok(expected), "{endpoint}");
        }
        let refused = [
            "api.example.com/mcp",
            "ftp://api.example.com/mcp",
            "http://api.example.com/mcp",
            "http://localhost.example.com/mcp",
            "https://user@api.example.com/mcp",
            "https://:secret@api.example.com/mcp",
            "https://api.example.com/mcp?x=1",
            "https://api.example.com/mcp#x",
            "https://API.example.com/mcp",
            "https://api.example.com:443/mcp",
            "https://api.example.com/a/../mcp",
            "https://api.example.com/mcp/",
            "https://api.example.com//mcp",
            "https://api.example.com/m%63p",
            "https://api.example.com/mcp*",
            "https://api.example.com/healthz",
            "https://api.example.com/readyz",
            "https:///mcp",
            "data:text/plain,x",
            "",
        ];
        for endpoint in refused {
            assert!(path(endpoint).is_err(), "{endpoint}");
        }
    }
}
