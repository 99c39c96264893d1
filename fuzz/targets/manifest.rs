//! A manifest of any bytes: it is read, parsed and resolved, or every fault of it is told.
#![no_main]

use std::{fs, path::Path, sync::LazyLock};

use codegen::load::load;
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|manifest: &[u8]| {
    fs::write(FOLDER.path().join("tools.yaml"), manifest).expect("a manifest");
    if let Err(report) = load(FOLDER.path(), Path::new("tools.yaml")) {
        let told = report.render(false);
        assert!(!report.is_empty() && !told.is_empty());
        assert!(report.codes().all(|code| code.as_str() != "internal"), "{told}");
    }
});
