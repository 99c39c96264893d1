//! Bundles for Claude Desktop, as the program reads them that packs them.

use std::path::Path;

use crate::{
    home::Home,
    installed::{MCPB, has_programs},
};

/// What `mcpb validate` has against the manifest of a bundle, if anything. Without the programs it says `SKIPPED`, and there is no answer.
///
/// # Panics
/// When it says nothing clear.
pub async fn refusal_of(manifest: &Path) -> Option<Result<(), String>> {
    if !has_programs() {
        return None;
    }
    let said = Home::new().await.run(MCPB.name, &["validate", manifest.to_str().expect("UTF-8")]).await;
    match said.code {
        Some(0) if said.stdout.contains("Manifest schema validation passes!") => Some(Ok(())),
        Some(1) => Some(Err(format!("{}{}", said.stdout, said.stderr))),
        _ => panic!("{}: {said:?}", manifest.display()),
    }
}
