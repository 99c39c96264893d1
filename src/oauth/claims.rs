//! Whose a token is, and what it allows: from what its issuer says of it.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use toolwright_core::ScopeSet;

use crate::{Grants, Identity, ServerSpec, shortened::shortened, spec::IssuerSpec};

/// The longest id, in characters: it stands in the log and in records.
const LONGEST: usize = 200;

/// The claims that have scopes where nothing else is said: that of RFC 9068, and that of issuers from before it.
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// The claims that say of which kind a token is.
const KIND_CLAIMS: [&str; 3] = ["token_use", "typ", "token_type"];

/// Kinds that are no access tokens. One that is `offline` is Keycloak's refresh token that does not expire.
const OTHER_KINDS: [&str; 3] = ["refresh", "offline", "id"];

/// What an issuer says of a token.
#[derive(Debug, Clone)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

impl Claims {
    /// A claim that is a text with something in it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Whether it is said that this is no access token, but one that others are had for, or that tells a client who
    /// has signed in. Issuers say it in claims of different names: Cognito in `token_use`, Keycloak in `typ`.
    pub(super) fn is_of_another_kind(&self) -> bool {
        KIND_CLAIMS.into_iter().filter_map(|name| self.text(name)).any(|kind| {
            let kind = kind.to_ascii_lowercase();
            // A name can be a URN (RFC 8693, section 3) or a media type.
            let kind = kind.rsplit([':', '/']).next().unwrap_or_default();
            let kind = kind.trim_end_matches("+jwt").trim_end_matches("token").trim_end_matches(['_', '-', ' ']);
            OTHER_KINDS.contains(&kind)
        })
    }

    /// Whether these are claims that only an ID token has (OpenID Connect Core 1.0, sections 2 and 3.3.2.11).
    pub(super) fn is_an_id_tokens(&self) -> bool {
        ["nonce", "at_hash", "c_hash"].into_iter().any(|name| self.0.contains_key(name))
    }

    /// Who a token belongs to.
    ///
    /// # Errors
    /// What is wrong with the claims, without anything that they say.
    pub(super) fn identity(&self, server: &ServerSpec, issuer: &IssuerSpec, token: &str) -> Result<Identity, String> {
        let subject = self.text("sub").filter(|subject| is_plain(subject));
        let subject = subject.ok_or_else(|| format!("`sub` is no text of 1 to {LONGEST} characters"))?;
        let credential_id = self.text("jti").filter(|id| is_plain(id)).map_or_else(|| digest(token), str::to_owned);
        // The client that it was given to, by the name that it has at the issuer.
        let client = ["client_id", "azp"].into_iter().find_map(|name| self.text(name)).filter(|name| is_plain(name));
        let identity = Identity {
            credential_name: client.map_or_else(|| credential_id.clone(), shortened),
            credential_id,
            subject: subject.to_owned(),
            grants: Grants::Whole(self.scopes(server, issuer)),
            user: None,
        };
        let told = [&identity.credential_id, &identity.credential_name, &identity.subject];
        if told.into_iter().any(|told| told.contains(token)) {
            return Err("it has the token itself where its id, its client or its subject should be".to_owned());
        }
        Ok(identity)
    }

    /// The scopes, as a text with spaces or as a list. One that is not declared is another server's business, and
    /// grants nothing.
    fn scopes(&self, server: &ServerSpec, issuer: &IssuerSpec) -> ScopeSet {
        let claim = match issuer.scope_claim {
            Some(declared) => self.0.get(declared),
            None => SCOPE_CLAIMS.into_iter().find_map(|name| self.0.get(name)),
        };
        let names: Vec<&str> = match claim {
            Some(Value::String(text)) => text.split(' ').collect(),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        names.into_iter().filter_map(|name| server.scopes().find(name)).collect()
    }
}

/// What can be told and written down.
fn is_plain(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

/// What stands for a token without an id: the beginning of its digest.
fn digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().take(8).fold("sha256-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
