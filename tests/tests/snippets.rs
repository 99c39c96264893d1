//! The committed snippets of every server are what their clients read, by a real parser of each format or by a
//! shell.
#![cfg(unix)]

use std::{ffi::OsStr, fs};

use toolwright_tests::{Told, workspace};

/// A server's folder, its key, its endpoint, the variable of its credential, and how many files its clients have.
const SERVERS: [(&str, &str, &str, &str, usize); 12] = [
    ("acme", "acme", "https://notes.acme.example/mcp", "ACME_KEY", 26),
    ("archive", "archive", "https://mcp.archive.example/mcp", "ARCHIVE_TOKEN", 15),
    ("conformance", "conformance", "https://conformance.example/mcp", "CONFORMANCE_TOKEN", 4),
    ("forwarder", "forwarder", "https://mcp.forwarder.example/mcp", "NOTES_API_KEY", 4),
    ("infatica", "infatica", "https://dataplatform.infatica.io/mcp", "INFATICA_PAT", 10),
    ("inference", "inference", "https://mcp.inference.net/mcp", "INFERENCE_API_KEY", 10),
    ("integrate-io", "integrateio", "https://api.xplenty.com/YOUR_ACCOUNT_ID/api/mcp", "INTEGRATE_IO_TOKEN", 7),
    ("library", "library", "https://mcp.library.example/mcp", "LIBRARY_KEY", 4),
    ("shelf", "shelf", "https://mcp.shelf.example/mcp", "SHELF_KEY", 2),
    ("talk", "talk", "https://talk.acme.example/mcp", "TALK_KEY", 2),
    ("tenants", "tenants", "https://api.tenants.example/YOUR_TEAM/mcp", "TENANTS_TOKEN", 4),
    ("vault", "vault", "https://mcp.vault.example/mcp", "VAULT_TOKEN", 3),
];

#[test]
fn each_is_what_its_client_reads() {
    let generated = workspace().join("generated");
    let folders = fs::read_dir(&generated).expect("the servers").map(|folder| folder.expect("a folder").path());
    assert_eq!(folders.filter(|folder| folder.is_dir()).count(), SERVERS.len(), "each server has a row");
    for (server, key, endpoint, variable, files) in SERVERS {
        let folder = generated.join(server).join("clients");
        let mut read = 0;
        let entries = fs::read_dir(&folder).expect(server).map(|entry| entry.expect("an entry").path());
        // A bundle is a folder, and no snippet.
        for path in entries.filter(|path| path.is_file()) {
            let part = |part: Option<&OsStr>| part.and_then(OsStr::to_str).expect("UTF-8").to_owned();
            let (client, format) = (part(path.file_stem()), part(path.extension()));
            let text = fs::read_to_string(&path).expect("UTF-8");
            let told = Told::read(&client, &format, &text, variable, "THE_GATEWAY");
            let signs_in = ["archive", "vault"].contains(&server) && client != "stdio";
            assert_eq!(told.credential.is_empty(), signs_in, "{}", path.display());
            assert!(told.name.is_none_or(|name| name == key), "{}", path.display());
            if client != "stdio" {
                assert_eq!(told.url.as_deref(), Some(endpoint), "{}", path.display());
            }
            read += 1;
        }
        assert_eq!(read, files, "{server}");
    }
}
