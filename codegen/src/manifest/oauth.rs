//! Access tokens of an OAuth issuer, which clients sign in at.

use schemars::JsonSchema;
use serde::Deserialize;

use super::words::{Name, Text};
use crate::source::Spanned;

/// The OAuth issuer whose access tokens callers present. Clients find it by themselves: the server tells them where
/// it is (RFC 9728), and they sign in there. The server creates no credential and keeps none.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OAuth {
    /// The issuer's identifier, exactly as its tokens have it in `iss`, as `https://auth.example.com`: `https`, or
    /// `http` for this machine.
    pub issuer: Text,
    /// The environment variable that names another issuer, by the same rules, as for tests: capital letters, digits
    /// and underscores. What is declared below of places at the issuer is then looked up in its metadata instead.
    pub env: Name,
    /// What a token has to be issued for (`aud`). When it is left out, that is the URL of the endpoint: the one that
    /// the server is started with as its public one, or that of `endpoint`.
    pub audience: Option<Text>,
    /// The scopes that a client asks for when it first signs in. When it is left out, those that read and that a
    /// tool asks for; for what needs more, a client is told to sign in again.
    #[schemars(length(min = 1))]
    pub scopes: Option<Vec<Name>>,
    /// The claim that has the scopes, as a text with spaces between them or as a list. When it is left out, `scope`
    /// or, where there is none, `scp`. A name that is not declared grants nothing.
    pub scope_claim: Option<Name>,
    /// Where the issuer's keys are (`jwks_uri`). When it is left out, its metadata says so (RFC 8414, or OpenID Connect
    /// Discovery). Only `verify: jwt` has it.
    pub jwks: Option<Text>,
    /// The algorithms that a signature can have; `RS256`, `ES256` and `EdDSA` when it is left out. Only `verify: jwt` has it.
    #[schemars(length(min = 1))]
    pub algorithms: Option<Vec<Spanned<SigningAlgorithm>>>,
    /// How the issuer is asked about tokens. `verify: introspection` needs it, and no other has it.
    pub introspection: Option<Introspection>,
    /// How long it is believed what the issuer said: a number of seconds or minutes. With `verify: jwt` that is which
    /// keys it has, `1s` to `60m`, and `5m` when it is left out; a key that it does not name any more counts for so long. With
    /// `verify: introspection` it is that a token is good, `1s` to `5m`, and `30s` when it is left out; so long a token
    /// can be taken here after it was revoked there.
    pub cache: Option<Name>,
}

/// How the issuer is asked whether a token is good (RFC 7662).
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Introspection {
    /// Where. When it is left out, the issuer's metadata says so (`introspection_endpoint`).
    pub endpoint: Option<Text>,
    /// The environment variable with the name that the server has at the issuer: capital letters, digits and
    /// underscores.
    pub client_id_env: Name,
    /// The environment variable with its secret there.
    pub client_secret_env: Name,
}

/// How a token is signed (RFC 7518, RFC 8037). Each needs a key that only the issuer has: those that both sides
/// share, `HS256` and the like, are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// EdDSA on Ed25519.
    EdDSA,
}

impl SigningAlgorithm {
    /// Its name in JSON Web Algorithms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}
