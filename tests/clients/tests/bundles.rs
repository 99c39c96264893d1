//! Every bundle for Claude Desktop that is generated is one.

#![cfg(unix)]

use std::fs;

use toolwright_clients::refusal_of;
use toolwright_tests::workspace;

#[tokio::test]
async fn every_bundle_is_valid() {
    let servers = fs::read_dir(workspace().join("generated")).expect("the servers").flatten();
    let manifests = servers.map(|server| server.path().join("clients/claude-desktop/manifest.json"));
    let manifests: Vec<_> = manifests.filter(|manifest| manifest.exists()).collect();
    assert!(manifests.len() >= 4, "{manifests:?}");
    for manifest in &manifests {
        if let Some(read) = refusal_of(manifest).await {
            assert_eq!(read, Ok(()), "{}", manifest.display());
        }
    }
    // What is none is told apart.
    let folder = tempfile::tempdir().expect("a folder");
    let spoiled = folder.path().join("manifest.json");
    let text = fs::read_to_string(&manifests[0]).expect("a manifest").replace("\"entry_point\"", "\"entry\"");
    fs::write(&spoiled, text).expect("a manifest");
    if let Some(read) = refusal_of(&spoiled).await {
        assert!(read.is_err_and(|why| why.contains("entry_point")));
    }
}
