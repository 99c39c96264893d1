//! Who calls: from what a request presents to an [`Identity`].

mod last_used;
mod secret;
mod token;
mod tokens;

use toolwright_core::ErrorCode;

pub(crate) use secret::Credential;
use token::well_formed;
pub(crate) use tokens::{CreateError, GrantedToken, NewToken, TokenKind, TokenRecord, TokenState, Tokens};

use crate::{Identity, spec::CredentialSpec};

/// What came with a request in the place of a credential.
#[derive(Clone, Copy)]
pub(crate) enum Presented<'a> {
    Nothing,
    /// Something that is no bearer credential.
    Unreadable,
    Bearer(&'a str),
}

impl<'a> Presented<'a> {
    /// The credential, if what came has the form of one.
    pub(crate) fn credential(self, spec: &CredentialSpec) -> Result<&'a str, ErrorCode> {
        match self {
            Self::Nothing => Err(ErrorCode::MissingCredential),
            Self::Bearer(text) if well_formed(text, spec) => Ok(text),
            Self::Bearer(_) | Self::Unreadable => Err(ErrorCode::MalformedCredential),
        }
    }
}

/// Somebody whose credential is good.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated {
    pub(crate) identity: Identity,
    pub(crate) credential: Credential,
}

/// What knows the credentials that are good.
pub(crate) enum Verifier {
    /// The server's own tokens.
    Tokens(Tokens),
}

impl Verifier {
    /// Who a well-formed credential belongs to, asked anew for every request, so that a
    /// revocation works on the next one.
    ///
    /// # Errors
    /// A code of the catalogue; the log says more than the caller is told.
    pub(crate) async fn verify(&self, credential: &str) -> Result<Identity, ErrorCode> {
        match self {
            Self::Tokens(tokens) => tokens.verify(credential).await,
        }
    }

    /// Writes down what is still to be written.
    pub(crate) async fn finish(&self) {
        match self {
            Self::Tokens(tokens) => tokens.finish().await,
        }
    }
}
