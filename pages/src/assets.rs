//! The files beside the pages. Their names carry a digest of the content, so that a browser can keep each for ever.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// A file that pages name.
#[derive(Debug)]
pub struct Asset {
    /// Its name without a digest.
    pub plain: &'static str,
    /// The last segment of its URL, with a digest of the content.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub content: String,
}

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        ($name, $media_type, include_str!(concat!("../assets/", $name)))
    };
}

const FILES: &[(&str, &str, &str)] = &[
    asset!("style.css", "text/css; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("scopes.js", "text/javascript; charset=utf-8"),
    asset!("picker.js", "text/javascript; charset=utf-8"),
    asset!("copy.js", "text/javascript; charset=utf-8"),
    asset!("dialog.js", "text/javascript; charset=utf-8"),
    asset!("connect.js", "text/javascript; charset=utf-8"),
    asset!("check.js", "text/javascript; charset=utf-8"),
];

/// Every asset.
pub static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| FILES.iter().map(made).collect());

/// The asset whose URL ends so.
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

fn made(&(plain, media_type, content): &(&'static str, &'static str, &str)) -> Asset {
    // A checkout may have changed line endings; no output has another than `\n`.
    let content = content.replace("\r\n", "\n");
    let digest = Sha256::digest(content.as_bytes());
    let digest = digest.iter().take(6).fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte));
    let (stem, extension) = plain.rsplit_once('.').unwrap_or((plain, ""));
    Asset { plain, name: format!("{stem}-{digest:012x}.{extension}"), media_type, content }
}
