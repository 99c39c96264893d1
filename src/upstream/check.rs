//! Whose a credential is, as the API says, and for how long that is believed.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use toolwright_core::ErrorCode;

use super::{Upstream, answer, exchange::Question};
use crate::{Identity, credential::Credential, operations::Lookups, spec::UpstreamSpec};

/// The longest that a check can take. A call's own limit can be shorter.
const LIMIT: Duration = Duration::from_secs(10);

/// How large its answer can be, in bytes.
const LARGEST: usize = 1 << 20;

/// How many answers are remembered; beyond, those that are asked for least are forgotten first.
const REMEMBERED: u64 = 10_000;

/// Whose the credentials are that were checked, by their digests. Refusals and failures are not remembered.
pub(super) struct Known {
    identities: Cache<[u8; 32], Arc<Identity>>,
    lookups: Lookups,
}

impl Known {
    pub(super) fn new(spec: &UpstreamSpec) -> Self {
        let believed = Duration::from_secs(spec.cache_seconds);
        let identities = Cache::builder().max_capacity(REMEMBERED).time_to_live(believed).build();
        Self { identities, lookups: Lookups::default() }
    }

    /// Has the credential checked again when it is presented next.
    pub(super) async fn forget(&self, credential: &Credential) {
        self.identities.invalidate(&digest(credential)).await;
    }
}

fn digest(credential: &Credential) -> [u8; 32] {
    Sha256::digest(credential.expose().as_bytes()).into()
}

impl Upstream {
    /// How often it was remembered whose a credential is.
    pub(crate) fn lookups(&self) -> &Lookups {
        &self.0.known.lookups
    }

    /// Who a well-formed credential belongs to. However many callers present it at the same time, the API
    /// is asked once.
    ///
    /// # Errors
    /// A code of the catalogue; the log says more than the caller is told.
    pub(crate) async fn verify(&self, credential: &str) -> Result<Arc<Identity>, ErrorCode> {
        let credential = Credential::new(credential);
        let Known { identities, lookups } = &self.0.known;
        let known = identities.entry(digest(&credential)).or_try_insert_with(self.check(&credential)).await;
        lookups.count(known).map_err(|code| *code)
    }

    async fn check(&self, credential: &Credential) -> Result<Arc<Identity>, ErrorCode> {
        let Self(inner) = self;
        let unavailable = |why: &str| {
            tracing::warn!("whose a credential is cannot be told: the API {why}");
            ErrorCode::UpstreamUnavailable
        };
        let question = Question {
            method: Method::GET,
            target: inner.spec.check.to_owned(),
            body: None,
            largest: LARGEST,
            limit: LIMIT.min(Duration::from_secs(inner.server.limits.call_seconds)),
        };
        let answer = inner.ask(credential, question).await.map_err(|failure| unavailable(&failure.to_string()))?;
        match answer.status {
            StatusCode::OK => answer::identity(inner.server, &inner.spec.answer, credential, &answer.body)
                .map(Arc::new)
                .map_err(|why| unavailable(&format!("answered the check with what is none: {why}"))),
            StatusCode::UNAUTHORIZED => {
                tracing::info!(reason = "refused by the API", "a credential was refused");
                Err(ErrorCode::UnknownCredential)
            }
            status => Err(unavailable(&format!("answered the check with {status}"))),
        }
    }
}
