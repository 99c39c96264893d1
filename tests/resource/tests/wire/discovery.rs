//! What a client finds that looks for a way to sign in.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, promises::assert_kept};

use crate::{
    ARCHIVE, VAULT, archive,
    issuer::{Issuer, Key},
    vault,
};

const OWN: &str = "/.well-known/oauth-protected-resource/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";

async fn ask(method: Method, url: String) -> reqwest::Response {
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    http.request(method, url).header("Origin", "https://page.example").send().await.expect("an answer")
}

async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_str(&response.text().await.expect("a body")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn the_metadata_says_who_the_server_is_and_where_to_sign_in() {
    let issuer = Issuer::start(&[]).await;
    let archive = archive(&issuer, ARCHIVE).start();
    let vault = vault(&issuer, VAULT).start();
    let expected = |resource: &str, scope: &str, name: &str| {
        json!({
            "resource": resource,
            "authorization_servers": [issuer.address()],
            "bearer_methods_supported": ["header"],
            "resource_name": name,
            "scopes_supported": [scope],
        })
    };
    for (server, expected) in [
        (&archive, expected("https://mcp.archive.example/mcp", "docs:read", "Archive")),
        (&vault, expected("https://mcp.vault.example/mcp", "items:read", "Vault")),
    ] {
        for path in [OWN, ROOT] {
            let response = ask(Method::GET, format!("{}{path}", server.address())).await;
            let status = Some(response.status().as_u16());
            let headers = response.headers();
            assert_eq!(headers[header::CONTENT_TYPE], "application/json");
            assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=3600");
            let body = json_of(response).await;
            assert_eq!(body, expected, "{path}");
            let told = Reply { status, challenge: None, retry_after: None, body };
            assert_kept(Promise::SignInMetadata, &told, path);
            let response = ask(Method::OPTIONS, format!("{}{path}", server.address())).await;
            assert_eq!(response.status(), StatusCode::NO_CONTENT);
            assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
            assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "mcp-protocol-version");
            let response = ask(Method::POST, format!("{}{path}", server.address())).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()[header::ALLOW], "GET, HEAD, OPTIONS");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_what_it_is_started_as() {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let public = "https://tools.example.com/archive/mcp";
    let server = archive(&issuer, ARCHIVE).arg("--public-url").arg(public).start();
    let found = "https://tools.example.com/.well-known/oauth-protected-resource/archive/mcp";
    let reply = Client::http(server.url(), None, Revision::V2025_11_25).list().await;
    let challenge = reply.challenge.unwrap_or_default();
    assert!(challenge.contains(&format!(r#"resource_metadata="{found}""#)), "{challenge}");
    for path in [OWN, ROOT, "/.well-known/oauth-protected-resource/archive/mcp"] {
        let response = ask(Method::GET, format!("{}{path}", server.address())).await;
        assert_eq!(json_of(response).await["resource"], public, "{path}");
    }
    // So a token is for it by that URL, and by no other.
    let mut claims = issuer.claims("ada", "");
    for (audience, status) in [(crate::issuer::ARCHIVE, 401), (public, 200)] {
        claims["aud"] = json!(audience);
        let reply = Client::http(server.url(), Some(&key.sign(&claims)), Revision::V2026_07_28).list().await;
        assert_eq!(reply.status, Some(status), "{audience}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_found() {
    let issuer = Issuer::start(&[]).await;
    let server = archive(&issuer, ARCHIVE).start();
    for (method, path) in [
        (Method::GET, "/.well-known/oauth-authorization-server"),
        (Method::GET, "/.well-known/oauth-authorization-server/mcp"),
        (Method::GET, "/.well-known/openid-configuration"),
        (Method::GET, "/.well-known/openid-configuration/mcp"),
        (Method::GET, "/mcp/.well-known/openid-configuration"),
        (Method::GET, "/.well-known/oauth-protected-resource/else"),
        (Method::GET, "/.well-known/oauth-protected-resource/mcp/"),
        (Method::GET, "/.well-known/oauth-protected-resourcemcp"),
        (Method::POST, "/register"),
        (Method::GET, "/authorize"),
        (Method::POST, "/token"),
        (Method::GET, "/"),
    ] {
        let response = ask(method, format!("{}{path}", server.address())).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let body = json_of(response).await;
        assert_eq!(body["error"], "not_found", "{path}");
        let said = body["error_description"].as_str().unwrap_or_default();
        assert!(said.contains("/.well-known/oauth-protected-resource/mcp says where to sign in"), "{said}");
    }
}
