//! An API that is reached over an encrypted connection, and whose certificates are believed.

use serde_json::json;
use toolwright_tests::{
    Server,
    tls::{encrypted, trusting},
};

use crate::{ALL, BASE_URL, FORWARDER, api::Api, http, key};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_certificate_that_this_machine_trusts_is_shown_a_key() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let authority = api.address().strip_prefix("http://").expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let [trusted, other] = ["trusted.pem", "other.pem"].map(|name| folder.path().join(name));
    let port = encrypted(authority, &trusted).await;
    encrypted(authority, &other).await;
    for (origin, certificate, problem) in [
        (format!("https://localhost:{port}"), &trusted, None),
        (format!("https://localhost:{port}"), &other, Some("cannot be reached: invalid peer certificate: ")),
        (
            format!("https://127.0.0.1:{port}"),
            &trusted,
            Some("cannot be reached: invalid peer certificate: certificate not valid for name"),
        ),
    ] {
        let before = api.asked().len();
        let [file, folder] = trusting(certificate);
        let server = Server::of(FORWARDER).env(BASE_URL, &origin).env(file.0, file.1).env(folder.0, folder.1).start();
        let reply = http(&server, &ada).call("list_notes", json!({})).await;
        match problem {
            None => {
                assert_eq!(reply.structured()["notes"][0]["text"], json!("ada"));
                assert_eq!(api.asked().len(), before + 2);
            }
            Some(problem) => {
                assert_eq!(reply.status, Some(502), "{origin}: {reply:?}");
                server.wait_for_line(&["whose a credential is cannot be told", problem]);
                assert_eq!(api.asked().len(), before, "{origin}");
            }
        }
    }
}
