//! The cookie that a session is kept in.

use http::{HeaderMap, HeaderValue, header};

/// How the session's cookie is called and sent.
#[derive(Debug)]
pub(super) struct SessionCookie {
    name: String,
    /// Whether the browser reaches the server over an encrypted connection.
    is_secure: bool,
}

impl SessionCookie {
    pub(super) fn new(server: &str, is_secure: bool) -> Self {
        // With the prefix, no other host of the domain and no unencrypted page can set it (RFC 6265bis, section 4.1.3.2).
        let prefix = if is_secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}{server}_session"), is_secure }
    }

    /// What a request has in it. Of several none is the one: somebody else may have set one of them.
    pub(super) fn presented<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = values
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) => Some(value),
            _ => None,
        }
    }

    /// Has the browser keep a session, until it is closed or the session has ended.
    pub(super) fn keeping(&self, session: &str) -> HeaderValue {
        self.header(session, "")
    }

    /// Has the browser forget it.
    pub(super) fn forgetting(&self) -> HeaderValue {
        self.header("", "; Max-Age=0")
    }

    fn header(&self, value: &str, lifetime: &str) -> HeaderValue {
        let Self { name, is_secure } = self;
        // The prefix asks for the whole host.
        let reach = if *is_secure { "Path=/; Secure" } else { "Path=/settings" };
        let text = format!("{name}={value}; {reach}; HttpOnly; SameSite=Strict{lifetime}");
        // Names of servers and what is random have plain letters only.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}
