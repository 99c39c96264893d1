//! Signed tokens: which are good, and whose they are.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Reply, Revision, Transport, promises::assert_kept};

use crate::{
    ALL, ARCHIVE, archive, client, http,
    issuer::{Issuer, Key, encoded, from_now, message},
};

/// A token is refused with a status of 401, which says why to programs and hides it from whoever made it up.
fn assert_refused(reply: &Reply, promise: Promise, case: &str) {
    assert_kept(promise, reply, case);
    let challenge = reply.challenge.as_deref().unwrap_or_default();
    assert!(challenge.starts_with(r#"Bearer error="invalid_token", "#), "{case}: {challenge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_whichever_algorithm_signed_it() {
    let keys = [Key::rsa("rsa", 0), Key::ec("ec"), Key::ed("ed")];
    let issuer = Issuer::start(&keys.each_ref()).await;
    let server = archive(&issuer, ARCHIVE).start();
    for key in &keys {
        let token = key.sign(&issuer.claims("ada", ALL));
        for transport in Transport::ALL {
            for revision in Revision::ALL {
                let mut client = client(&issuer, &server, transport, revision, &token);
                assert!(client.open().await.error_code().is_none(), "{transport:?} {revision:?}");
                let told = client.call("whoami", json!({})).await;
                let expected = json!({"token_id": "token_of_ada", "client": "client_1", "subject": "ada"});
                assert_eq!(told.structured(), &expected, "{transport:?} {revision:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_what_it_allows_and_whose_it_is() {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let read = vec!["get_document", "whoami"];
    let none = vec!["whoami"];
    let cases: Vec<(&str, Value, &Vec<&str>)> = vec![
        ("a text", json!({"scope": "docs:read"}), &read),
        ("several", json!({"scope": "openid docs:read  profile"}), &read),
        ("a list", json!({"scope": ["docs:read", 7]}), &read),
        ("the older claim, a list", json!({"scope": null, "scp": ["docs:read"]}), &none),
        ("the older claim alone", json!({"scp": ["docs:read"]}), &read),
        ("the older claim, a text", json!({"scp": "docs:read"}), &read),
        ("no scope", json!({}), &none),
        ("scopes of others", json!({"scope": "docs docs:read: DOCS:READ docs:reads"}), &none),
        ("another claim", json!({"permissions": "docs:read"}), &none),
    ];
    for (case, scopes, expected) in cases {
        let mut claims = issuer.claims("ada", "");
        let claims_of = claims.as_object_mut().expect("claims");
        claims_of.remove("scope");
        claims_of.extend(scopes.as_object().cloned().expect("claims"));
        assert_eq!(http(&server, &key.sign(&claims)).list().await.tool_names(), *expected, "{case}");
    }
    // Without an id and a client, a token is known by its digest.
    let mut claims = issuer.claims("ada", "docs:read");
    claims["jti"] = json!(null);
    claims["client_id"] = json!(null);
    claims["azp"] = json!("client_2");
    let told = http(&server, &key.sign(&claims)).call("whoami", json!({})).await;
    let id = told.structured()["token_id"].as_str().unwrap_or_default();
    assert!(id.starts_with("sha256-") && id.len() == 23, "{id}");
    assert_eq!(told.structured()["client"], "client_2");
    // An id that is the token itself would be written down.
    let mut claims = issuer.claims("ada", "docs:read");
    claims["aud"] = json!(["https://else.example", crate::issuer::ARCHIVE]);
    claims["iat"] = json!(from_now(-5));
    assert!(http(&server, &key.sign(&claims)).list().await.error_code().is_none(), "one of several audiences");
}

const UNSIGNED: Promise = Promise::UnsignedToken;
const FOREIGN: Promise = Promise::TokenForAnother;
const UNKNOWN: Promise = Promise::UnknownCredential;
const EXPIRED: Promise = Promise::ExpiredCredential;
const MALFORMED: Promise = Promise::UnreadableCredential;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::too_many_lines, reason = "a table: one row a token")]
pub(super) async fn a_token_that_is_not_good_is_refused() {
    let (rsa, ec, ed) = (Key::rsa("rsa", 0), Key::ec("ec"), Key::ed("ed"));
    let issuer = Issuer::start(&[&rsa, &ec, &ed]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let good = issuer.claims("ada", ALL);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        rsa.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("claims").remove(name);
        rsa.sign(&claims)
    };
    let headed = |name: &str, value: Value| {
        let mut header = rsa.header();
        header[name] = value;
        rsa.sign_with(&header, &good)
    };
    // What only a token has that tells a client who has signed in.
    let identifying = |claim: &str, typ: &str| {
        let mut claims = good.clone();
        claims[claim] = json!("n-0S6_WzA2Mj");
        rsa.sign_with(&json!({"alg": "RS256", "kid": "rsa", "typ": typ}), &claims)
    };
    let hmac = |algorithm: &str, secret: &[u8]| {
        let message = message(&json!({"alg": algorithm, "kid": "rsa", "typ": "at+jwt"}), &good);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        format!("{message}.{}", encoded(ring::hmac::sign(&key, message.as_bytes()).as_ref()))
    };
    let public = rsa.public();
    let modulus = public["n"].as_str().expect("a modulus");
    let unsigned = |algorithm: &str| format!("{}.", message(&json!({"alg": algorithm, "typ": "at+jwt"}), &good));
    let fine = rsa.sign(&good);
    let tampered = {
        let mut parts = fine.split('.').map(str::to_owned).collect::<Vec<_>>();
        parts[1] = encoded(issuer.claims("bob", ALL).to_string().as_bytes());
        parts.join(".")
    };
    let cases: Vec<(&str, String, Promise)> = vec![
        ("no signature asked for", unsigned("none"), UNSIGNED),
        ("no signature asked for, in another case", unsigned("NONE"), UNSIGNED),
        ("no signature", unsigned("RS256"), UNSIGNED),
        ("the public key as a secret", hmac("HS256", modulus.as_bytes()), UNSIGNED),
        ("the whole public key as a secret", hmac("HS256", public.to_string().as_bytes()), UNSIGNED),
        ("an empty secret", hmac("HS256", b""), UNSIGNED),
        ("a key of another kind", headed("kid", json!("ec")), UNSIGNED),
        ("an algorithm of another kind", headed("alg", json!("ES256")), UNSIGNED),
        ("an algorithm that is not taken", Key::pss("rsa").sign(&good), UNSIGNED),
        ("another hash", headed("alg", json!("RS512")), UNSIGNED),
        ("an unknown key", headed("kid", json!("nobody")), UNSIGNED),
        ("somebody else's key under a known name", Key::rsa("rsa", 1).sign(&good), UNSIGNED),
        (
            "somebody else's key without a name",
            {
                let other = Key::rsa("rsa", 1);
                other.sign_with(&json!({"alg": "RS256"}), &good)
            },
            UNSIGNED,
        ),
        (
            "a key of its own",
            {
                let own = Key::ed("ed");
                own.sign_with(&json!({"alg": "EdDSA", "kid": "ed", "jwk": own.public()}), &good)
            },
            UNSIGNED,
        ),
        ("something critical", headed("crit", json!(["b64"])), UNSIGNED),
        ("something critical that is empty", headed("crit", json!([])), UNSIGNED),
        ("a type of something else", headed("typ", json!("logout+jwt")), UNSIGNED),
        ("a proof's type", headed("typ", json!("dpop+jwt")), UNSIGNED),
        ("other claims under the signature", tampered, UNSIGNED),
        ("another audience", with("aud", json!("https://else.example/mcp")), FOREIGN),
        ("a part of the audience", with("aud", json!("https://mcp.archive.example")), FOREIGN),
        ("other audiences", with("aud", json!(["https://else.example/mcp"])), FOREIGN),
        ("no audiences", with("aud", json!([])), FOREIGN),
        ("an audience that is none", with("aud", json!({"a": 1})), FOREIGN),
        ("no audience", without("aud"), FOREIGN),
        ("another issuer", with("iss", json!("https://else.example")), FOREIGN),
        ("the issuer with a slash", with("iss", json!(format!("{}/", issuer.address()))), FOREIGN),
        ("a list of issuers", with("iss", json!([issuer.address()])), FOREIGN),
        ("no issuer", without("iss"), FOREIGN),
        ("expired", with("exp", json!(from_now(-90))), EXPIRED),
        ("expired long ago", with("exp", json!(0)), EXPIRED),
        ("an expiry that is none", with("exp", json!("never")), UNKNOWN),
        ("a negative expiry", with("exp", json!(-1)), UNKNOWN),
        ("no expiry", without("exp"), UNKNOWN),
        ("not valid yet", with("nbf", json!(from_now(300))), UNKNOWN),
        ("a begin that is none", with("nbf", json!("now")), UNKNOWN),
        ("issued in the future", with("iat", json!(from_now(300))), UNKNOWN),
        ("issued at no time", with("iat", json!("today")), UNKNOWN),
        ("an ID token", identifying("nonce", "JWT"), UNKNOWN),
        ("an ID token beside an access token", identifying("at_hash", "JWT"), UNKNOWN),
        ("an ID token beside a code", identifying("c_hash", "JWT"), UNKNOWN),
        ("an ID token by its use", with("token_use", json!("id")), UNKNOWN),
        ("a token to refresh", with("typ", json!("Refresh")), UNKNOWN),
        ("nobody's", without("sub"), UNKNOWN),
        ("an empty subject", with("sub", json!("")), UNKNOWN),
        ("a subject over two lines", with("sub", json!("ada\nrequest credential=bob")), UNKNOWN),
        ("a subject that is a number", with("sub", json!(7)), UNKNOWN),
        ("no JSON Web Token", "0123456789abcdef".to_owned(), MALFORMED),
        ("two parts", "eyJhbGciOiJSUzI1NiJ9.e30".to_owned(), MALFORMED),
        ("parts that are empty", "..".to_owned(), UNKNOWN),
        ("a character that no token has", format!("{fine}!"), MALFORMED),
        ("a token in quotation marks", format!("\"{fine}\""), MALFORMED),
    ];
    for (case, token, promise) in &cases {
        assert_refused(&http(&server, token).list().await, *promise, case);
    }
    // However wrong the others were, a good one is good; clocks may differ by a minute.
    for token in [
        fine,
        with("exp", json!(from_now(-30))),
        with("nbf", json!(from_now(30))),
        headed("typ", json!("JWT")),
        identifying("nonce", "at+jwt"),
        identifying("nonce", "application/at+jwt"),
    ] {
        assert_eq!(http(&server, &token).call("whoami", json!({})).await.structured()["subject"], "ada");
    }
    let log = server.log();
    assert!(!cases.iter().any(|(_, token, _)| token.len() > 40 && log.contains(token.as_str())), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_in_the_log_nor_in_an_answer() {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = archive(&issuer, ARCHIVE).env("RUST_LOG", "trace").start();
    let mut claims = issuer.claims("ada", ALL);
    claims["canary"] = json!("c4n4ry");
    let good = key.sign(&claims);
    claims["exp"] = json!(from_now(-3600));
    let expired = key.sign(&claims);
    let mut answers = Vec::new();
    for token in [&good, &expired, &good[..good.len() - 3].to_owned()] {
        let mut client = http(&server, token);
        answers.push(client.call("whoami", json!({})).await);
        answers.push(client.call("get_document", json!({"document_id": token})).await);
        answers.push(client.call("no_such_tool", json!({})).await);
    }
    server.wait_for_line(&["ada"]);
    for token in [&good, &expired] {
        for part in token.split('.').skip(1) {
            assert!(!server.log().contains(part), "{}", server.log());
            // What a caller sends as an argument is theirs.
            for reply in answers.iter().filter(|reply| reply.body.pointer("/result/structuredContent/id").is_none()) {
                assert!(!reply.body.to_string().contains(part), "{reply:?}");
                assert!(!reply.challenge.as_deref().unwrap_or_default().contains(part), "{reply:?}");
            }
        }
    }
}
