//! The endpoint: what clients are told to connect to, and what the server answers at.

use url::{Host, Url};

use super::{Faults, obeyed::has_placeholder};
use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    manifest::Text,
};

/// Paths that the runtime answers itself.
const TAKEN: &[&str] = &["/healthz"];

/// The path of an endpoint, when it is one.
pub(crate) fn endpoint_path(endpoint: &Text, faults: &mut Faults) -> Option<String> {
    if has_placeholder(endpoint) {
        return None;
    }
    match path(endpoint) {
        Ok(path) => Some(path),
        Err((why, help)) => {
            let title = format!("the endpoint {} {why}", quoted(endpoint));
            faults.push(Diagnostic::new(Code::InvalidServer, endpoint.at, title).help(help));
            None
        }
    }
}

fn path(endpoint: &str) -> Result<String, (String, String)> {
    let refuse = |why: &str, help: &str| Err((why.to_owned(), help.to_owned()));
    let url = Url::parse(endpoint)
        .map_err(|error| (format!("is no URL: {error}"), "write it as `https://api.example.com/mcp`".to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("holds a user's name or password", "leave it out: the credential goes into a header");
    }
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => {}
        ("http", Some(host)) if is_this_machine(&host) => {}
        ("http", _) => {
            return refuse("sends credentials without encryption", "use `https`; `http` is for this machine only");
        }
        (_, _) => return refuse("is no web address", "use `https`"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("has a query or a fragment", "leave out what follows the path");
    }
    let written = endpoint.trim_end_matches('/');
    if url.as_str().trim_end_matches('/') != written || (url.path() != "/" && endpoint.ends_with('/')) {
        let canonical = url.as_str().trim_end_matches('/');
        return Err(("is not written in its plain form".into(), format!("write `{canonical}`")));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    if !url.path().bytes().all(plain) || url.path().contains("//") {
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

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
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
            "https:///mcp",
            "data:text/plain,x",
            "",
        ];
        for endpoint in refused {
            assert!(path(endpoint).is_err(), "{endpoint}");
        }
    }
}
