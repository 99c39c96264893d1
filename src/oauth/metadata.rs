//! What an issuer says of itself (RFC 8414, OpenID Connect Discovery 1.0).

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::exchange::{Exchange, place};

/// How long all places together can take, so that one that is silent leaves time for the next.
const LIMIT: Duration = Duration::from_secs(8);

/// An issuer, by the identifier that its tokens have, to the letter.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    identifier: String,
    url: Url,
}

impl Issuer {
    /// # Errors
    /// When nothing can be asked of it.
    pub(super) fn new(identifier: &str, example: &str) -> Result<Self, String> {
        Ok(Self { identifier: identifier.to_owned(), url: place(identifier, example)? })
    }

    pub(super) fn identifier(&self) -> &str {
        &self.identifier
    }

    /// A place that the issuer's metadata names.
    ///
    /// # Errors
    /// Why it is not known, as the rest of a sentence about the issuer.
    pub(super) async fn find(&self, exchange: &Exchange, what: &str) -> Result<Url, String> {
        let mut reasons = Vec::new();
        let search = async {
            for at in self.places() {
                let asked = exchange.get(&at).await.and_then(|answer| answer.json());
                match asked.and_then(|metadata| self.read(&metadata, what)) {
                    Ok(found) => return Some(found),
                    Err(reason) => reasons.push(format!("{at} {reason}")),
                }
            }
            None
        };
        match timeout(LIMIT, search).await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(_) => reasons.push(format!("all together took more than {} seconds", LIMIT.as_secs())),
        }
        Err(format!("does not say where its `{what}` is: {}", reasons.join("; ")))
    }

    /// Where metadata can be, in the order in which MCP has clients look for it: between the host and the path of
    /// the identifier, and after it.
    fn places(&self) -> Vec<Url> {
        let path = self.url.path().trim_end_matches('/');
        let mut paths = vec![
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("/.well-known/openid-configuration{path}"),
            format!("{path}/.well-known/openid-configuration"),
        ];
        paths.dedup();
        let at = |path: String| {
            let mut url = self.url.clone();
            url.set_path(&path);
            url.set_query(None);
            url
        };
        paths.into_iter().map(at).collect()
    }

    fn read(&self, metadata: &Value, what: &str) -> Result<Url, String> {
        // Who answers for another issuer could name keys of its own (RFC 8414, section 3.3).
        if metadata.get("issuer").and_then(Value::as_str) != Some(self.identifier()) {
            return Err("is the metadata of another issuer".to_owned());
        }
        let found = metadata.get(what).and_then(Value::as_str).ok_or_else(|| format!("has no `{what}`"))?;
        let found = place(found, self.url.as_str()).map_err(|unfit| format!("has a `{what}` that {unfit}"))?;
        if self.url.scheme() == "https" && found.scheme() != "https" {
            return Err(format!("has a `{what}` without encryption"));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Issuer;

    #[test]
    fn metadata_is_looked_for_where_clients_look() {
        let cases: [(&str, &[&str]); 3] = [
            (
                "https://auth.example.com",
                &[
                    "https://auth.example.com/.well-known/oauth-authorization-server",
                    "https://auth.example.com/.well-known/openid-configuration",
                ],
            ),
            (
                "https://auth.example.com/",
                &[
                    "https://auth.example.com/.well-known/oauth-authorization-server",
                    "https://auth.example.com/.well-known/openid-configuration",
                ],
            ),
            (
                "https://auth.example.com/realms/a",
                &[
                    "https://auth.example.com/.well-known/oauth-authorization-server/realms/a",
                    "https://auth.example.com/.well-known/openid-configuration/realms/a",
                    "https://auth.example.com/realms/a/.well-known/openid-configuration",
                ],
            ),
        ];
        for (identifier, expected) in cases {
            let issuer = Issuer::new(identifier, "").expect("an issuer");
            let places: Vec<String> = issuer.places().iter().map(ToString::to_string).collect();
            assert_eq!(places, expected, "{identifier}");
        }
    }

    #[test]
    fn metadata_is_the_issuers_own_and_stays_encrypted() {
        let issuer = Issuer::new("https://auth.example.com", "").expect("an issuer");
        let read = |issuer_claim: &str, jwks: &str| {
            let metadata = json!({"issuer": issuer_claim, "jwks_uri": jwks});
            issuer.read(&metadata, "jwks_uri").map(|url| url.to_string())
        };
        let keys = "https://auth.example.com/keys?tenant=1";
        assert_eq!(read("https://auth.example.com", keys).as_deref(), Ok(keys));
        for (claim, jwks) in [
            ("https://auth.example.com/", keys),
            ("https://AUTH.example.com", keys),
            ("https://evil.example", keys),
            ("https://auth.example.com", "http://auth.example.com/keys"),
            ("https://auth.example.com", "http://localhost/keys"),
            ("https://auth.example.com", "file:///etc/passwd"),
            ("https://auth.example.com", "/keys"),
        ] {
            assert!(read(claim, jwks).is_err(), "{claim} {jwks}");
        }
    }
}
