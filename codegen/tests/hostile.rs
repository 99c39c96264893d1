//! Manifests that were cut off, mangled or made to hurt: each ends in a report, never in a panic and
//! never in a long wait.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use codegen::{diagnostic::Code, load::load};

/// Numbers that look random and are the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).expect("a small number")
    }
}

/// What YAML, JSON Schema or a careless editor would mind.
const PIECES: &[&[u8]] = &[
    b"&a ",
    b"*a",
    b"!!str ",
    b"{",
    b"}",
    b"[",
    b"]",
    b": ",
    b"- ",
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b"---\n",
    b"...\n",
    b"? ",
    b"\"",
    b"'",
    b"|\n",
    b">-\n",
    b"#",
    b"\0",
    b"\xff",
    b"\xc3",
    b"%YAML 1.2\n",
    b"\xef\xbb\xbf",
    b"<<: ",
    b"null",
    b"1e999",
    b".nan",
    b"-9223372036854775809",
    b"session",
    b"Tree",
    b"required: true",
    "é日本\u{200b}\u{2028}\u{85}".as_bytes(),
];

fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() + 1);
    let piece = PIECES[numbers.below(PIECES.len())];
    match numbers.below(5) {
        0 => drop(bytes.splice(at..at, piece.iter().copied())),
        1 => drop(bytes.splice(at..(at + piece.len()).min(bytes.len()), piece.iter().copied())),
        2 => drop(bytes.drain(at..(at + numbers.below(40)).min(bytes.len()))),
        3 => {
            let from = numbers.below(bytes.len() + 1);
            let part = bytes[from..(from + numbers.below(80)).min(bytes.len())].to_vec();
            drop(bytes.splice(at..at, part));
        }
        _ => bytes.truncate(at),
    }
}

/// Loads a manifest and renders whatever is wrong with it.
fn survive(folder: &Path, manifest: &[u8]) -> Option<String> {
    fs::write(folder.join("tools.yaml"), manifest).expect("a manifest");
    let report = load(folder, Path::new("tools.yaml")).err()?;
    let (plain, color) = (report.render(false), report.render(true));
    assert!(!report.is_empty() && plain.len() <= color.len());
    assert!(report.codes().all(|code| code.as_str() != "internal"), "{plain}");
    Some(plain)
}

fn manifests() -> Vec<Vec<u8>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    ["tests/acme/tools.yaml", "examples/infatica/tools.yaml", "examples/infatica/tools/runs.yaml"]
        .map(|path| fs::read(root.join(path)).expect(path))
        .to_vec()
}

#[test]
fn cut_off_manifests_are_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    for manifest in manifests() {
        for end in (0..manifest.len()).step_by(211) {
            assert!(survive(folder.path(), &manifest[..end]).is_some(), "cut off at {end}");
        }
    }
}

#[test]
fn mangled_manifests_are_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifests = manifests();
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let mut faulty = 0;
    for round in 0..400 {
        let mut manifest = manifests[round % manifests.len()].clone();
        for _ in 0..=numbers.below(3) {
            mutate(&mut manifest, &mut numbers);
        }
        faulty += usize::from(survive(folder.path(), &manifest).is_some());
    }
    assert!(faulty > 300, "the mutations do no harm: {faulty}");
}

#[test]
fn manifests_that_were_made_to_hurt_are_over_soon() {
    let many = |line: &str, count: usize| line.repeat(count).into_bytes();
    let cases = [
        ("brackets", many("[", 1 << 20)),
        ("braces", many("{a: ", 1 << 18)),
        ("dashes", many("- ", 1 << 19)),
        (
            "keys",
            [b"server:\n".to_vec(), (0..5_000).flat_map(|at| format!(" k{at}: 1\n").into_bytes()).collect()].concat(),
        ),
        ("one key", [b"server:\n".to_vec(), many(" k: 1\n", 20_000)].concat()),
        ("anchors", [b"server: [".to_vec(), many("&a 1, ", 20_000), b"]".to_vec()].concat()),
        ("a long line", [b"server: {name: \"".to_vec(), many("x", 1 << 15), b"\"}".to_vec()].concat()),
        ("too large", many("# nothing\n", 200_000)),
        ("zeros", vec![0; 1 << 16]),
        ("bytes", (0..=255).collect()),
        ("UTF-16", "server: {}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (name, manifest) in cases {
        let start = Instant::now();
        let report = survive(folder.path(), &manifest).expect(name);
        assert!(start.elapsed() < Duration::from_mins(2), "{name} takes {:?}", start.elapsed());
        assert!(report.len() < 1 << 20, "{name} is reported in {} bytes", report.len());
    }
}

#[test]
fn what_is_no_file_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        (".", "unreadable-file"),
        ("", "unreadable-file"),
        ("absent.yaml", "unreadable-file"),
        ("absent/tools.yaml", "unreadable-file"),
        ("../tools.yaml", "manifest-path"),
        ("/", "manifest-path"),
    ];
    for (path, code) in cases {
        let report = load(folder.path(), Path::new(path)).expect_err(path);
        assert_eq!(report.codes().map(Code::as_str).collect::<Vec<_>>(), [code], "{path}: {report}");
    }
}
