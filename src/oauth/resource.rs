//! What the server says of itself to clients that are to sign in (RFC 9728).

use serde_json::{Value, json};
use toolwright_core::ScopeSet;
use url::Url;

use crate::ServerSpec;

/// Where metadata of protected resources is, before the path of one.
pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The server as a protected resource.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Its identifier, which tokens are issued for: the URL of the endpoint.
    url: String,
    /// Where its metadata is.
    metadata: Url,
    issuer: String,
    /// What a client asks for at first.
    scopes: Vec<&'static str>,
    title: &'static str,
}

impl Resource {
    /// # Errors
    /// When the endpoint's URL is none.
    pub(super) fn new(server: &ServerSpec, url: &str, issuer: &str, scopes: ScopeSet) -> anyhow::Result<Self> {
        let mut metadata = Url::parse(url)?;
        let path = format!("{WELL_KNOWN}{}", metadata.path().trim_end_matches('/'));
        metadata.set_path(&path);
        metadata.set_query(None);
        Ok(Self {
            url: url.to_owned(),
            metadata,
            issuer: issuer.to_owned(),
            scopes: server.scopes().names(scopes).collect(),
            title: server.title,
        })
    }

    /// Where its metadata is.
    pub(crate) fn metadata_url(&self) -> &str {
        self.metadata.as_str()
    }

    /// The path of that.
    pub(crate) fn metadata_path(&self) -> &str {
        self.metadata.path()
    }

    /// What a client asks for at first.
    pub(crate) fn scopes(&self) -> &[&'static str] {
        &self.scopes
    }

    /// Its metadata.
    pub(crate) fn metadata(&self) -> Value {
        let mut metadata = json!({
            "resource": self.url,
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "resource_name": self.title,
        });
        if !self.scopes.is_empty() {
            metadata["scopes_supported"] = json!(self.scopes);
        }
        metadata
    }
}
