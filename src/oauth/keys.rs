//! The keys that an issuer signs with: fetched once however many wait, used for a while, and asked for again when a
//! token names one that is not known.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde_json::Value;
use url::Url;

use super::{
    exchange::Exchange,
    metadata::Issuer,
    question::{Asking, Question},
};

/// How often a token that names an unknown key has the issuer asked: whoever makes such tokens up is not to
/// have it flooded.
const UNKNOWN: Duration = Duration::from_secs(10);

/// How long new keys are waited for where the old ones are still good.
const PATIENCE: Duration = Duration::from_secs(1);

/// For how many times its usual time a key is used while the issuer does not answer.
const STALE: u32 = 12;

/// How many keys of an issuer are looked at.
const MOST: usize = 64;

/// Where an issuer's keys are.
pub(crate) enum Source {
    /// Here.
    At(Url),
    /// Where the metadata says (`jwks_uri`).
    Metadata(Issuer),
}

/// The keys of an issuer.
pub(crate) struct Keys {
    /// How long they are used before they are asked for again.
    cache: Duration,
    question: Question,
    asked_for_unknown: Mutex<Option<Instant>>,
    held: Arc<Held>,
}

/// What outlives whoever asks.
struct Held {
    exchange: Arc<Exchange>,
    source: Source,
    known: RwLock<Option<Arc<Known>>>,
    found: Mutex<Option<Found>>,
}

/// Where the metadata said that they are.
#[derive(Clone)]
struct Found {
    place: Url,
    /// They were not there the last time: they may have moved.
    doubted: bool,
}

/// The keys as the issuer named them last.
pub(super) struct Known {
    keys: Vec<Key>,
    since: Instant,
}

/// A key that can have signed a token.
pub(super) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
}

/// There are no keys to check a signature with; the log says why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unavailable;

impl Keys {
    pub(crate) fn new(exchange: Arc<Exchange>, source: Source, cache: Duration) -> Self {
        let held = Held { exchange, source, known: RwLock::default(), found: Mutex::default() };
        Self { cache, question: Question::default(), asked_for_unknown: Mutex::default(), held: Arc::new(held) }
    }

    /// The keys, asked for if they are not known or not fresh. While the issuer does not answer, the old ones are used
    /// for a longer but bounded time.
    ///
    /// # Errors
    /// When there are none.
    pub(super) async fn current(&self) -> Result<Arc<Known>, Unavailable> {
        if let Some(known) = self.known_within(self.cache) {
            return Ok(known);
        }
        if let Some(asking) = self.ask() {
            match self.known_within(self.cache * STALE) {
                Some(_) => asking.over_within(PATIENCE).await,
                None => asking.over().await,
            }
        }
        self.known_within(self.cache * STALE).ok_or(Unavailable)
    }

    /// The keys after these, in which one is missing: newer ones if there are any by now, or if the issuer can be
    /// asked again already.
    pub(super) async fn after(&self, known: Arc<Known>) -> Arc<Known> {
        if let Some(asking) = self.ask_for_unknown(&known) {
            asking.over().await;
        }
        self.held.known().unwrap_or(known)
    }

    /// Whether the issuer has ever said which keys it has.
    pub(super) fn were_known(&self) -> bool {
        self.held.known().is_some()
    }

    fn known_within(&self, age: Duration) -> Option<Arc<Known>> {
        self.held.known().filter(|known| known.since.elapsed() < age)
    }

    fn ask(&self) -> Option<Asking> {
        self.question.ask(|| Arc::clone(&self.held).learn())
    }

    fn ask_for_unknown(&self, known: &Arc<Known>) -> Option<Asking> {
        let mut last = lock(&self.asked_for_unknown);
        if self.held.known().is_some_and(|newer| !Arc::ptr_eq(&newer, known)) {
            return None;
        }
        if let Some(asking) = self.question.under_way() {
            return Some(asking);
        }
        if last.is_some_and(|last| last.elapsed() < UNKNOWN) {
            return None;
        }
        let asking = self.ask()?;
        *last = Some(Instant::now());
        Some(asking)
    }
}

impl Held {
    fn known(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn learn(self: Arc<Self>) -> Result<(), String> {
        let keys =
            self.fetch().await.inspect_err(|why| tracing::warn!("the keys of an issuer are not known: {why}"))?;
        let known = Arc::new(Known { keys, since: Instant::now() });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }

    async fn fetch(&self) -> Result<Vec<Key>, String> {
        let place = self.place().await?;
        let answer = self.exchange.get(&place).await.and_then(|answer| answer.json());
        let keys = answer.and_then(|set| usable(&set)).map_err(|why| format!("{place} {why}"));
        *lock(&self.found) = Some(Found { place, doubted: keys.is_err() });
        keys
    }

    async fn place(&self) -> Result<Url, String> {
        let issuer = match &self.source {
            Source::At(place) => return Ok(place.clone()),
            Source::Metadata(issuer) => issuer,
        };
        let found = lock(&self.found).clone();
        match found {
            Some(Found { place, doubted: false }) => Ok(place),
            // An issuer that cannot say where they are has them where they were, if at all.
            before => match (issuer.find(&self.exchange, "jwks_uri").await, before) {
                (Ok(place), _) | (Err(_), Some(Found { place, .. })) => Ok(place),
                (Err(why), None) => Err(format!("{} {why}", issuer.identifier())),
            },
        }
    }
}

/// A panic while a lock was held leaves what is as good as before.
fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    /// Those that can have signed a token with this header.
    pub(super) fn candidates<'k>(&'k self, id: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &'k Key> {
        let fits = move |key: &&'k Key| key.algorithms.contains(&algorithm);
        let named = id.map(str::to_owned);
        self.keys.iter().filter(fits).filter(move |key| named.is_none() || key.id == named)
    }
}

/// The keys of a set that signatures can be checked with. What is unusual in it is left out, as RFC 7517 has it.
fn usable(set: &Value) -> Result<Vec<Key>, String> {
    let keys = set.get("keys").and_then(Value::as_array).ok_or("answered with what is no set of keys")?;
    Ok(keys.iter().take(MOST).filter_map(|key| Key::read(key.clone())).collect())
}

impl Key {
    fn read(key: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(key).ok()?;
        let common = &jwk.common;
        if common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        if common.key_operations.as_ref().is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
            return None;
        }
        let possible = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms(),
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => &[Algorithm::ES256],
                EllipticCurve::P384 => &[Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
            // A secret that both sides share is in no public set; if it is, everybody has it.
            _ => return None,
        };
        let algorithms = match common.key_algorithm {
            None => possible.to_vec(),
            Some(only) => {
                let only = Algorithm::try_from(only).ok()?;
                possible.iter().copied().filter(|algorithm| *algorithm == only).collect()
            }
        };
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id: jwk.common.key_id, algorithms, decoding })
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use serde_json::{Value, json};

    use super::usable;

    #[test]
    fn a_key_is_used_for_what_it_is() {
        let ec = |curve: &str, more: Value| {
            let mut key = json!({"kty": "EC", "crv": curve, "x": "AAAA", "y": "AAAA", "kid": "k"});
            key.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            key
        };
        let rsa = json!({"kty": "RSA", "n": "AAAA", "e": "AQAB", "kid": "k"});
        let rsa_of = |more: Value| {
            let mut key = rsa.clone();
            key.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
            key
        };
        let cases: [(Value, &[Algorithm]); 14] = [
            (ec("P-256", json!({})), &[Algorithm::ES256]),
            (ec("P-256", json!({"alg": "ES256", "use": "sig"})), &[Algorithm::ES256]),
            (ec("P-384", json!({})), &[Algorithm::ES384]),
            (ec("P-256", json!({"alg": "ES384"})), &[]),
            (ec("P-256", json!({"use": "enc"})), &[]),
            (ec("P-256", json!({"key_ops": ["verify"]})), &[Algorithm::ES256]),
            (ec("P-256", json!({"key_ops": ["deriveKey"]})), &[]),
            (ec("secp256k1", json!({})), &[]),
            (rsa_of(json!({"alg": "RS256"})), &[Algorithm::RS256]),
            (rsa_of(json!({"alg": "HS256"})), &[]),
            (rsa_of(json!({"alg": "RSA-OAEP"})), &[]),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "k"}), &[Algorithm::EdDSA]),
            (json!({"kty": "OKP", "crv": "X25519", "x": "AAAA", "kid": "k"}), &[]),
            (json!({"kty": "oct", "k": "AAAA", "kid": "k"}), &[]),
        ];
        for (key, expected) in cases {
            // What cannot be used does not spoil the others.
            let set = json!({"keys": [{"kty": 7}, "none", key]});
            let algorithms: Vec<_> = usable(&set).unwrap().into_iter().flat_map(|key| key.algorithms).collect();
            assert_eq!(algorithms, expected, "{key}");
        }
        assert_eq!(usable(&json!({"keys": [rsa]})).unwrap()[0].algorithms.len(), 6);
        for set in [json!([]), json!({}), json!({"keys": {}}), json!(null)] {
            assert!(usable(&set).is_err(), "{set}");
        }
    }
}
