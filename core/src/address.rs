//! Addresses to which a credential can be sent.

use std::fmt;

use url::{Host, Url};

/// Why a text is no address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong with it, as the rest of a sentence about it. It repeats nothing of the text, which
    /// may hold a password.
    pub why: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.why, self.help)
    }
}

impl std::error::Error for Unfit {}

/// Reads the address of a server that callers send their credential to: `https`, or `http` on this
/// machine, without a user's name, query and fragment. `example` is one.
///
/// # Errors
/// When it is no such address.
pub fn address(text: &str, example: &str) -> Result<Url, Unfit> {
    let unfit = |why: &str, help: &str| Err(Unfit { why: why.to_owned(), help: help.to_owned() });
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return unfit(&format!("is no URL: {error}"), &format!("write it as `{example}`")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return unfit("holds a user's name or password", "leave it out: the credential goes into a header");
    }
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => {}
        ("http", Some(host)) if is_this_machine(&host) => {}
        ("http", _) => {
            return unfit("sends credentials without encryption", "use `https`; `http` is for this machine only");
        }
        (_, _) => return unfit("is no web address", "use `https`"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return unfit("has a query or a fragment", "leave out what follows the path");
    }
    Ok(url)
}

/// Reads an origin that credentials are sent to: an [`address`] without a path.
///
/// # Errors
/// When it is no such address.
pub fn origin(text: &str, example: &str) -> Result<Url, Unfit> {
    let url = address(text, example)?;
    if url.path() != "/" {
        let help = format!("leave it out, as in `{example}`");
        return Err(Unfit { why: "has a path".to_owned(), help });
    }
    Ok(url)
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Whether a name is one of this machine's (RFC 6761, section 6.3). Not every resolver knows, so that
/// who connects to one asks none.
pub fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::{address, origin};

    #[test]
    fn a_credential_stays_on_this_machine_or_is_encrypted() {
        for text in [
            "https://api.example.com",
            "https://api.example.com:8443/base/",
            "https://10.0.0.1/",
            "http://localhost:8081",
            "http://LOCALHOST:8081/",
            "http://gateway.localhost/base",
            "http://127.0.0.1:1",
            "http://127.8.9.1",
            "http://[::1]:9",
            // As browsers read it, this is 127.0.0.1.
            "http://2130706433",
        ] {
            assert!(address(text, "").is_ok(), "{text}");
        }
        for (text, why) in [
            ("", "is no URL: relative URL without a base"),
            ("localhost:8081", "is no web address"),
            ("api.example.com", "is no URL: relative URL without a base"),
            ("ftp://api.example.com", "is no web address"),
            ("file:///etc/passwd", "is no web address"),
            ("http://api.example.com", "sends credentials without encryption"),
            ("http://0.0.0.0:8081", "sends credentials without encryption"),
            ("http://10.0.0.1", "sends credentials without encryption"),
            ("http://[::ffff:127.0.0.1]", "sends credentials without encryption"),
            ("http://localhost.example.com", "sends credentials without encryption"),
            ("http://notlocalhost", "sends credentials without encryption"),
            ("https://user@api.example.com", "holds a user's name or password"),
            ("http://:secret@localhost", "holds a user's name or password"),
            ("http://localhost@evil.example", "holds a user's name or password"),
            ("https://api.example.com?x=1", "has a query or a fragment"),
            ("https://api.example.com/#x", "has a query or a fragment"),
        ] {
            assert_eq!(address(text, "").err().map(|unfit| unfit.why).as_deref(), Some(why), "{text}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        for (text, plain) in [
            ("https://api.example.com", Some("https://api.example.com")),
            ("https://API.example.com:443/", Some("https://api.example.com")),
            ("http://localhost:8081", Some("http://localhost:8081")),
            ("https://api.example.com/v1", None),
            ("https://api.example.com//", None),
            ("https://api.example.com/?x", None),
            ("http://api.example.com", None),
        ] {
            let found = origin(text, "").ok().map(|url| url.origin().ascii_serialization());
            assert_eq!(found.as_deref(), plain, "{text}");
        }
    }
}
