//! An encrypted connection, and whose certificates are believed.

use std::{path::Path, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use toolwright_tests::{Server, StdioPipe};

use crate::{ACME, PREFIX};

/// Puts TLS in front of a server, with a certificate for `localhost` that is also written down. Gives
/// the port.
async fn encrypted(server: &Server, certificate_file: &Path) -> u16 {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(certificate_file, cert.pem()).expect("a file");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key))
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let inner = server.authority().to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, inner) = (acceptor.clone(), inner.clone());
            tokio::spawn(async move {
                // Who does not believe the certificate hangs up.
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let mut inner = TcpStream::connect(inner).await.expect("the server");
                let _ = copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    port
}

/// What has a process trust nobody but the holder of a certificate.
fn trusting(authority: &Path) -> [(&str, &str); 2] {
    [("SSL_CERT_FILE", authority.to_str().expect("a path")), ("SSL_CERT_DIR", "")]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_certificate_that_this_machine_trusts_is_shown_the_credential() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let folder = tempfile::tempdir().expect("a folder");
    let [trusted, other] = ["trusted.pem", "other.pem"].map(|name| folder.path().join(name));
    let port = encrypted(&server, &trusted).await;
    encrypted(&server, &other).await;
    let plain = server.authority().rsplit_once(':').expect("a port").1;
    for (address, authority, problem) in [
        (format!("https://localhost:{port}"), &trusted, None),
        (format!("https://localhost:{port}"), &other, Some("cannot be reached: invalid peer certificate: ")),
        (
            format!("https://127.0.0.1:{port}"),
            &trusted,
            Some("cannot be reached: invalid peer certificate: certificate not valid for name \"127.0.0.1\""),
        ),
        (format!("https://localhost:{plain}"), &trusted, Some("cannot be reached: received corrupt message")),
    ] {
        let environment = [("ACME_KEY", token.as_str()), ("NOTES_GATEWAY", &address)];
        let mut pipe = StdioPipe::alone(ACME, &[environment, trusting(authority)].concat());
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}});
        let reply = pipe.request(&call).await;
        match problem {
            None => assert_eq!(reply.structured()["subject"], "local"),
            Some(problem) => {
                assert!(reply.error_message().starts_with(&format!("`{address}/mcp` {problem}")), "{reply:?}");
            }
        }
    }
    let calls = server.log().lines().filter(|line| line.contains("operation=\"whoami\"")).count();
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn who_trusts_nobody_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("a file");
    let to = |address| [&[("NOTES_GATEWAY", address)][..], &trusting(&empty)].concat();
    let (code, rest, log) = StdioPipe::alone(ACME, &to("https://localhost:1")).end().await;
    assert_eq!((code, rest), (Some(1), vec![]));
    assert!(log.starts_with("acme: cannot read the certificates that this machine trusts: "), "{log}");
    // In the clear, on this machine, none is needed.
    let mut pipe = StdioPipe::alone(ACME, &to("http://localhost:1"));
    let reply: Value = pipe.request(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await.body;
    assert_eq!(reply["error"]["data"]["reason"], "missing_credential");
}
