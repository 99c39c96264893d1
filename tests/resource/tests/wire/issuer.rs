//! An issuer of access tokens, as a script: it has keys, signs what it is told, and notes down what it is asked.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding,
    },
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use toolwright_tests::fake::{Asked, Fake, http, json as ok};

pub(crate) const METADATA: &str = "/.well-known/oauth-authorization-server";
pub(crate) const OPENID: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/keys";
pub(crate) const INTROSPECT: &str = "/introspect";

/// What the servers are for.
pub(crate) const ARCHIVE: &str = "https://mcp.archive.example/mcp";

/// Keys that protect nothing: a key of RSA cannot be made by what the tests have.
const RSA: [&[u8]; 2] = [include_bytes!("../keys/rsa-1.der"), include_bytes!("../keys/rsa-2.der")];

/// What the issuer does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// These bytes.
    Raw(String),
    /// Nothing, ever.
    Nothing,
    /// The usual, as it is once this is closed.
    Held(Arc<Semaphore>),
}

/// A key of the issuer, with both its halves.
pub(crate) struct Key {
    id: &'static str,
    algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    /// The first or the second key of RSA.
    pub(crate) fn rsa(id: &'static str, which: usize) -> Self {
        let pair = RsaKeyPair::from_pkcs8(RSA[which]).expect("a key");
        Self { id, algorithm: "RS256", pair: Pair::Rsa(pair, &RSA_PKCS1_SHA256) }
    }

    /// The first key of RSA, to sign with padding that is random.
    pub(crate) fn pss(id: &'static str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(RSA[0]).expect("a key");
        Self { id, algorithm: "PS256", pair: Pair::Rsa(pair, &RSA_PSS_SHA256) }
    }

    /// A new key of P-256.
    pub(crate) fn ec(id: &'static str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        Self { id, algorithm: "ES256", pair: Pair::Ec(pair) }
    }

    /// A new key of Ed25519.
    pub(crate) fn ed(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        Self { id, algorithm: "EdDSA", pair: Pair::Ed(pair) }
    }

    /// Its public half, as the issuer publishes it.
    pub(crate) fn public(&self) -> Value {
        let mut key = match &self.pair {
            Pair::Rsa(pair, _) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({"kty": "RSA", "n": encoded(&n), "e": encoded(&e)})
            }
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())}),
        };
        key["kid"] = self.id.into();
        key["use"] = "sig".into();
        key
    }

    /// The header that its tokens have.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": self.algorithm, "kid": self.id, "typ": "at+jwt"})
    }

    /// A token with the usual header.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// A token with any header.
    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message.as_bytes(), &mut signature).expect("a signature");
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes()).expect("a signature").as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encoded(&signature))
    }
}

/// What of a token is signed.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()))
}

pub(crate) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The time, in seconds, so many seconds from now.
pub(crate) fn from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    i64::try_from(now).expect("a time") + seconds
}

#[derive(Default)]
struct Script {
    address: String,
    keys: Vec<Value>,
    /// What is said of each token.
    tokens: BTreeMap<String, Value>,
    /// What is said at a path, instead of the usual.
    instead: BTreeMap<String, Says>,
}

/// The issuer.
pub(crate) struct Issuer {
    fake: Fake,
    script: Arc<Mutex<Script>>,
}

impl Issuer {
    /// An issuer with these keys.
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let answering = Arc::clone(&script);
        let fake = Fake::new(move |asked| {
            let script = Arc::clone(&answering);
            async move {
                let instead = script.lock().expect("the script").instead.get(path_of(&asked)).cloned();
                match instead {
                    Some(Says::Raw(bytes)) => return bytes.into_bytes(),
                    Some(Says::Nothing) => pending().await,
                    Some(Says::Held(until)) => drop(until.acquire().await),
                    None => {}
                }
                answer(&script.lock().expect("the script"), &asked).into_bytes()
            }
        })
        .await;
        let issuer = Self { fake, script };
        issuer.fake.address().clone_into(&mut issuer.script().address);
        issuer.publish(keys);
        issuer
    }

    pub(crate) fn address(&self) -> &str {
        self.fake.address()
    }

    /// Has these keys from now on, and no others.
    pub(crate) fn publish(&self, keys: &[&Key]) {
        self.script().keys = keys.iter().map(|key| key.public()).collect();
    }

    /// Says something else at a path.
    pub(crate) fn say(&self, path: &str, says: Says) {
        self.script().instead.insert(path.to_owned(), says);
    }

    /// Says the usual at a path, but not before what is returned is closed.
    pub(crate) fn hold(&self, path: &str) -> Arc<Semaphore> {
        let until = Arc::new(Semaphore::new(0));
        self.say(path, Says::Held(Arc::clone(&until)));
        until
    }

    /// Waits until it was asked so often at a path.
    pub(crate) async fn wait_for(&self, path: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.asked(path).len() < count {
            assert!(Instant::now() < deadline, "{path} was asked {} times", self.asked(path).len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Says the usual again.
    pub(crate) fn recover(&self) {
        self.script().instead.clear();
    }

    /// Says this of a token.
    pub(crate) fn know(&self, token: &str, answer: Value) {
        self.script().tokens.insert(token.to_owned(), answer);
    }

    /// Says of a token that it is not active.
    pub(crate) fn revoke(&self, token: &str) {
        self.script().tokens.remove(token);
    }

    /// The requests at a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let is_at = |asked: &Asked| path_of(asked) == path;
        self.fake.asked().into_iter().filter(is_at).collect()
    }

    /// The claims of a good token for the archive.
    pub(crate) fn claims(&self, subject: &str, scopes: &str) -> Value {
        json!({
            "iss": self.address(),
            "aud": ARCHIVE,
            "sub": subject,
            "client_id": "client_1",
            "jti": format!("token_of_{subject}"),
            "scope": scopes,
            "iat": from_now(0),
            "exp": from_now(600),
        })
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("the script")
    }
}

fn path_of(asked: &Asked) -> &str {
    asked.line.split(' ').nth(1).and_then(|target| target.split('?').next()).unwrap_or_default()
}

fn answer(script: &Script, asked: &Asked) -> String {
    let address = &script.address;
    match path_of(asked) {
        METADATA => ok(&json!({
            "issuer": address,
            "jwks_uri": format!("{address}{KEYS}"),
            "introspection_endpoint": format!("{address}{INTROSPECT}"),
        })),
        KEYS => ok(&json!({"keys": script.keys})),
        INTROSPECT if asked.line.starts_with("POST ") => {
            let known = script.tokens.iter().find(|(token, _)| asked.body.contains(&format!("token={token}&")));
            ok(&known.map_or_else(|| json!({"active": false}), |(_, answer)| answer.clone()))
        }
        _ => http("404 Not Found", "text/plain", "nothing here"),
    }
}
