//! The sign-in of a proxy: a signed header, and nothing that is not signed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use toolwright_tests::{
    Server, ServerBuilder, Visitor,
    fake::{Fake, json as ok},
};

use super::{FORMS, PAGES, kept};
use crate::{ACME, database};

const HEADER: &str = "X-Proxy-Assertion";
const AUDIENCE: &str = "acme-settings";

/// A proxy that signs people in: what it signs, and where its keys are.
struct Proxy {
    key: Ed25519KeyPair,
    keys: Fake,
}

fn key() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key")
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed(key: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", encoded(signature.as_ref()))
}

impl Proxy {
    async fn start() -> Self {
        let key = key();
        let public = encoded(key.public_key().as_ref());
        let public = json!({"kty": "OKP", "crv": "Ed25519", "x": public, "kid": "one", "use": "sig"});
        Self { key, keys: Fake::saying(ok(&json!({"keys": [public]}))).await }
    }

    /// A server behind it.
    fn before(&self, server: ServerBuilder) -> ServerBuilder {
        server
            .arg(format!("--identity-header={HEADER}"))
            .arg(format!("--identity-issuer={}", self.keys.address()))
            .arg(format!("--identity-audience={AUDIENCE}"))
            .arg(format!("--identity-jwks={}/keys", self.keys.address()))
    }

    fn claims(&self, email: &str) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({"iss": self.keys.address(), "aud": [AUDIENCE], "sub": "7", "email": email, "iat": now, "exp": now + 300})
    }

    fn sign(&self, claims: &Value) -> String {
        signed(&self.key, &json!({"alg": "EdDSA", "kid": "one", "typ": "JWT"}), claims)
    }
}

#[tokio::test]
async fn who_the_proxy_has_signed_in_needs_no_link() {
    let proxy = Proxy::start().await;
    let server = proxy.before(Server::of(ACME)).start();
    assert!(!server.log().contains("/settings/sign-in"), "{}", server.log());
    let ada = proxy.sign(&proxy.claims("ada@example.com"));
    let mut visitor = Visitor::stranger(&server);
    let through = |assertion: &str| [(HEADER.to_owned(), assertion.to_owned())];
    let get = async |visitor: &Visitor, assertion: &str| {
        let [(name, value)] = through(assertion);
        visitor.send("GET", "/settings/tokens", &[(&name, &value)], None).await
    };
    let post = async |visitor: &Visitor, assertion: &str, fields: &[(&str, &str)]| {
        let origin = server.address();
        let headers = [(HEADER, assertion), ("Origin", origin.as_str())];
        visitor.send("POST", "/settings/tokens", &headers, Some(fields)).await
    };
    let page = get(&visitor, &ada).await;
    assert!(page.status == 200 && page.html.contains("ada@example.com"), "{page:?}");
    assert!(!page.html.contains("sign-out"), "the proxy would sign in again at once");
    visitor.keep(&page);
    let again = get(&visitor, &ada).await;
    assert_eq!((again.status, again.header("set-cookie")), (200, ""), "the session goes on");

    let csrf = again.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("name", "ada-laptop"), ("lifetime", "60")];
    // The cookie alone is nobody, and the assertion alone has no form.
    assert_eq!(post(&visitor, "", &fields).await.status, 403);
    assert_eq!(post(&Visitor::stranger(&server), &ada, &fields).await.status, 403);
    assert_eq!(post(&visitor, &ada, &fields).await.status, 200);
    let rows = server.command(&["token", "list"]).stdout;
    assert!(rows.lines().any(|row| row.contains("ada-laptop") && row.contains("ada@example.com")), "{rows}");

    // Somebody else at the same browser gets a session of their own, and the one before ends.
    let bob = proxy.sign(&proxy.claims("bob@example.com"));
    assert_eq!(post(&visitor, &bob, &fields).await.status, 403);
    let former = visitor.clone();
    let page = get(&visitor, &bob).await;
    assert!(page.html.contains("bob@example.com") && !page.html.contains("ada-laptop"), "{page:?}");
    visitor.keep(&page);
    assert!(!get(&former, &ada).await.header("set-cookie").is_empty(), "hers has ended");

    // Links are not needed, and open nothing.
    let code = Visitor::code(&server, &[]);
    let page = Visitor::stranger(&server).post("/settings/sign-in", &[("code", &code)]).await;
    assert_eq!((page.status, page.header("set-cookie")), (403, ""));
}

#[tokio::test]
async fn only_to_look_at_a_page_opens_a_session_and_not_without_end() {
    let proxy = Proxy::start().await;
    let server = proxy.before(Server::of(ACME)).start();
    let assertion = proxy.sign(&proxy.claims("ada@example.com"));
    let visitor = Visitor::stranger(&server);
    let origin = server.address();
    let headers = [(HEADER, assertion.as_str()), ("Origin", origin.as_str())];
    let before = kept(&server).await;
    for (path, fields) in FORMS {
        let fields = [&[("csrf", "x")], fields].concat();
        let page = visitor.send("POST", path, &headers, Some(&fields)).await;
        assert_eq!((page.status, page.header("set-cookie")), (403, ""), "{path}: {page:?}");
        assert!(page.html.contains("Reload the page"), "{path}: {page:?}");
    }
    for path in PAGES {
        let page = visitor.send("HEAD", path, &headers, None).await;
        assert_eq!((page.status, page.header("set-cookie")), (403, ""), "{path}: {page:?}");
    }
    assert_eq!(kept(&server).await, before);

    let bob = proxy.sign(&proxy.claims("bob@example.com"));
    let mut first = visitor.clone();
    first.keep(&visitor.send("GET", "/settings/tokens", &[(HEADER, &bob)], None).await);
    let mut last = visitor.clone();
    for _ in 0..25 {
        let page = visitor.send("GET", "/settings/tokens", &[(HEADER, &assertion)], None).await;
        assert_eq!(page.status, 200, "{page:?}");
        last.keep(&page);
    }
    let mut database = database(&server).await;
    let query = "SELECT subject, COUNT(*) FROM sessions GROUP BY subject ORDER BY subject";
    let counted: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&mut database).await.expect("rows");
    assert_eq!(counted, [("ada@example.com".to_owned(), 20), ("bob@example.com".to_owned(), 1)]);
    for (who, assertion) in [(&first, &bob), (&last, &assertion)] {
        let page = who.send("GET", "/settings/tokens", &[(HEADER, assertion)], None).await;
        assert_eq!((page.status, page.header("set-cookie")), (200, ""), "the newest are kept, and those of others");
    }
}

#[tokio::test]
async fn what_is_not_signed_for_this_server_is_worth_nothing() {
    let proxy = Proxy::start().await;
    let server = proxy.before(Server::of(ACME)).start();
    let good = proxy.claims("ada@example.com");
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        proxy.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("an object").shift_remove(name);
        proxy.sign(&claims)
    };
    let now = jiff::Timestamp::now().as_second();
    let header = |alg: &str| json!({"alg": alg, "kid": "one"});
    let unsigned = format!("{}.", signed(&proxy.key, &header("none"), &good).rsplit_once('.').expect("parts").0);
    let changed = {
        let token = proxy.sign(&good);
        let parts: Vec<_> = token.split('.').collect();
        format!("{}.{}.{}", parts[0], encoded(proxy.claims("root@example.com").to_string().as_bytes()), parts[2])
    };
    let before = kept(&server).await;
    for (what, assertion) in [
        ("nothing", String::new()),
        ("a name", "ada@example.com".to_owned()),
        ("no signature", unsigned),
        ("another's signature", signed(&key(), &header("EdDSA"), &good)),
        ("another algorithm", signed(&proxy.key, &header("HS256"), &good)),
        ("an unknown key", signed(&proxy.key, &json!({"alg": "EdDSA", "kid": "two"}), &good)),
        ("changed claims", changed),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("another audience", with("aud", json!("another"))),
        ("expired", with("exp", json!(now - 120))),
        ("not yet", with("nbf", json!(now + 600))),
        ("no end", without("exp")),
        ("no audience", without("aud")),
        ("no address", without("email")),
        ("an empty address", with("email", json!(""))),
        ("an address that is no text", with("email", json!(["ada@example.com"]))),
        ("an address that nobody has verified", with("email_verified", json!(false))),
        ("an address that cannot be shown", with("email", json!("ada\u{202e}@example.com"))),
    ] {
        let visitor = Visitor::stranger(&server);
        for path in ["/settings/tokens", "/settings/sign-in"] {
            let page = visitor.send("GET", path, &[(HEADER, assertion.as_str())], None).await;
            assert_eq!((page.status, page.header("set-cookie")), (403, ""), "{what}, {path}: {page:?}");
        }
    }
    let visitor = Visitor::stranger(&server);
    let assertion = proxy.sign(&good);
    // Two of them, and those headers that proxies send without a signature.
    for headers in [
        [(HEADER, assertion.as_str()), (HEADER, &assertion)],
        [("X-Forwarded-User", "ada@example.com"), ("X-Forwarded-Email", "ada@example.com")],
        [("Authorization", &format!("Bearer {assertion}")), ("Cookie", &format!("{HEADER}={assertion}"))],
    ] {
        assert_eq!(visitor.send("GET", "/settings/tokens", &headers, None).await.status, 403, "{headers:?}");
    }
    assert_eq!(kept(&server).await, before);
    assert_eq!(visitor.send("GET", "/settings/tokens", &[(HEADER, &assertion)], None).await.status, 200);
}

#[tokio::test]
async fn while_the_proxys_keys_are_not_known_nobody_is() {
    let proxy = Proxy::start().await;
    // Nobody listens there.
    let nowhere = "--identity-jwks=http://127.0.0.1:1/keys";
    let server = Server::of(ACME)
        .arg(format!("--identity-header={HEADER}"))
        .arg(format!("--identity-issuer={}", proxy.keys.address()))
        .arg(format!("--identity-audience={AUDIENCE}"))
        .arg(nowhere)
        .start();
    let assertion = proxy.sign(&proxy.claims("ada@example.com"));
    let page = Visitor::stranger(&server).send("GET", "/settings/tokens", &[(HEADER, &assertion)], None).await;
    assert_eq!((page.status, page.header("set-cookie")), (503, ""), "{page:?}");
}

#[test]
fn what_cannot_be_a_proxy_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = [
        ("--identity-header", HEADER),
        ("--identity-issuer", "https://team.example.com"),
        ("--identity-audience", AUDIENCE),
        ("--identity-jwks", "https://team.example.com/keys"),
    ];
    for (option, value, said) in [
        ("--identity-header", "a b", "`a b` is no name of a header"),
        ("--identity-header", "Authorization", "has a meaning of its own"),
        ("--identity-header", "cookie", "has a meaning of its own"),
        ("--identity-issuer", "", "issuer"),
        ("--identity-audience", "", "audience"),
        ("--identity-jwks", "http://team.example.com/keys", "keys"),
        ("--identity-jwks", "keys", "keys"),
    ] {
        let mut arguments = vec!["serve".to_owned(), "--listen=127.0.0.1:0".to_owned()];
        arguments.extend(good.map(|(name, usual)| format!("{name}={}", if name == option { value } else { usual })));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let ran = toolwright_tests::run(ACME, folder.path(), &arguments);
        assert!(!ran.status.success() && ran.stderr.contains(said), "{option} {value:?}: {ran:?}");
    }
    for alone in ["--identity-header=x", "--identity-jwks=https://team.example.com/keys"] {
        let ran = toolwright_tests::run(ACME, folder.path(), &["serve", alone]);
        assert_eq!(ran.status.code(), Some(2), "{alone} needs the others: {ran:?}");
    }
}
