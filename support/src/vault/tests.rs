//! What the vault holds and whom it refuses.

use std::fs;

use clap::{Args as _, Command, FromArgMatches as _};

use super::*;

const SECRET: &str = "sk-canary-of-the-vault";

fn vault() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = VaultOption::default().vault(&folder.path().join("store.db"));
    vault.create().unwrap();
    (folder, vault)
}

fn opened(vault: &Vault, sealed: &Sealed, purpose: &[u8]) -> Result<String, String> {
    vault.open(sealed, purpose).map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
}

#[test]
fn what_is_sealed_opens_for_its_purpose_only() {
    let (_folder, vault) = vault();
    let sealed = vault.seal(&SECRET.into(), b"mine").unwrap();
    assert_eq!(opened(&vault, &sealed, b"mine").as_deref(), Ok(SECRET));
    for other in [&b"yours"[..], b"min", b"mine ", b""] {
        assert!(opened(&vault, &sealed, other).unwrap_err().starts_with("it was sealed with another key file"));
    }
}

#[test]
fn no_bit_of_it_can_be_changed() {
    let (_folder, vault) = vault();
    let sealed = vault.seal(&SECRET.into(), b"mine").unwrap();
    for bit in 0..sealed.ciphertext.len() * 8 {
        let mut changed = sealed.clone();
        changed.ciphertext[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.open(&changed, b"mine").is_err(), "bit {bit} of the ciphertext");
    }
    for bit in 0..sealed.nonce.len() * 8 {
        let mut changed = sealed.clone();
        changed.nonce[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.open(&changed, b"mine").is_err(), "bit {bit} of the nonce");
    }
    for length in 0..sealed.ciphertext.len() {
        let ciphertext = sealed.ciphertext[..length].to_vec();
        assert!(vault.open(&Sealed { ciphertext, ..sealed.clone() }, b"mine").is_err(), "{length} bytes");
    }
    for length in [0, 12, 23, 25] {
        let changed = Sealed { nonce: vec![0; length], ..sealed.clone() };
        assert!(vault.open(&changed, b"mine").is_err(), "a nonce of {length} bytes");
    }
}

#[test]
fn it_says_nothing_of_what_is_in_it() {
    let (_folder, vault) = vault();
    let sealed = vault.seal(&SECRET.into(), b"mine").unwrap();
    let again = vault.seal(&SECRET.into(), b"mine").unwrap();
    assert_ne!((&sealed.nonce, &sealed.ciphertext), (&again.nonce, &again.ciphertext));
    assert!(!sealed.ciphertext.windows(9).any(|part| part == b"sk-canary"));
    let secret = vault.open(&sealed, b"mine").unwrap();
    assert!(!format!("{secret:?}").contains("canary"));
}

#[test]
fn another_key_file_opens_nothing() {
    let (_folder, mine) = vault();
    let (_other_folder, other) = vault();
    let sealed = mine.seal(&SECRET.into(), b"mine").unwrap();
    assert!(opened(&other, &sealed, b"mine").unwrap_err().starts_with("it was sealed with another key file"));
}

#[test]
fn a_rotation_seals_with_a_new_key_and_still_opens_with_the_old_one() {
    let (_folder, vault) = vault();
    let before = vault.seal(&SECRET.into(), b"mine").unwrap();
    let first = fs::read(vault.file()).unwrap();
    vault.rotate().unwrap();
    let both = fs::read(vault.file()).unwrap();
    assert_eq!((both.len(), &both[..KEY_BYTES]), (2 * KEY_BYTES, first.as_slice()));
    let after = vault.seal(&SECRET.into(), b"mine").unwrap();
    assert_eq!(opened(&vault, &before, b"mine").as_deref(), Ok(SECRET));
    assert_eq!(opened(&vault, &after, b"mine").as_deref(), Ok(SECRET));

    // Without the first key, what was sealed before is lost, and what was sealed after is not.
    fs::write(vault.file(), &both[KEY_BYTES..]).unwrap();
    assert!(vault.open(&before, b"mine").is_err());
    assert_eq!(opened(&vault, &after, b"mine").as_deref(), Ok(SECRET));
}

#[test]
fn a_file_that_is_there_is_kept() {
    let (_folder, vault) = vault();
    let before = fs::read(vault.file()).unwrap();
    assert_eq!(before.len(), KEY_BYTES);
    vault.create().unwrap();
    assert_eq!(fs::read(vault.file()).unwrap(), before);
}

#[test]
fn a_file_that_cannot_be_it_is_named() {
    let (_folder, vault) = vault();
    let sealed = vault.seal(&SECRET.into(), b"mine").unwrap();
    for (content, bytes) in [(&b""[..], 0), (&[7; 31], 31), (&[7; 33], 33), (&[7; 100], 100)] {
        fs::write(vault.file(), content).unwrap();
        let expected = format!("is no key file: it has {bytes} bytes, and a key file has 32 for each of its keys");
        assert!(opened(&vault, &sealed, b"mine").unwrap_err().ends_with(&expected));
        assert!(vault.seal(&SECRET.into(), b"mine").unwrap_err().to_string().ends_with(&expected));
    }
    fs::remove_file(vault.file()).unwrap();
    let message = opened(&vault, &sealed, b"mine").unwrap_err();
    assert!(message.starts_with("there is no key file ") && message.contains("store.db.key"), "{message}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, vault) = vault();
    let mode = || fs::metadata(vault.file()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    vault.rotate().unwrap();
    assert_eq!(mode(), 0o600);

    let sealed = vault.seal(&SECRET.into(), b"mine").unwrap();
    for others in [0o640, 0o604, 0o644, 0o620, 0o601] {
        fs::set_permissions(vault.file(), fs::Permissions::from_mode(others)).unwrap();
        let message = opened(&vault, &sealed, b"mine").unwrap_err();
        assert!(message.contains(&format!("(mode {others:o}): chmod 600 it")), "{message}");
        assert!(vault.seal(&SECRET.into(), b"mine").is_err());
    }
    fs::set_permissions(vault.file(), fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(opened(&vault, &sealed, b"mine").as_deref(), Ok(SECRET));
}

#[test]
fn the_file_is_where_the_option_or_the_variable_of_the_server_says() {
    #[derive(clap::Args)]
    #[command(mut_arg("key_file", |option| option.env("CARGO_PKG_NAME")))]
    struct Options {
        #[command(flatten)]
        vault: VaultOption,
    }
    let parsed = |command: Command, arguments: &[&str]| {
        let matches = command.no_binary_name(true).get_matches_from(arguments);
        VaultOption::from_arg_matches(&matches).unwrap().vault(Path::new("data/store.db")).file().to_owned()
    };
    let plain = || VaultOption::augment_args(Command::new("server"));
    let of_server = || Options::augment_args(Command::new("server"));
    assert_eq!(parsed(plain(), &[]), Path::new("data/store.db.key"));
    assert_eq!(parsed(plain(), &["--key-file", "k"]), Path::new("k"));
    assert_eq!(parsed(of_server(), &[]), Path::new("toolwright-support"));
    assert_eq!(parsed(of_server(), &["--key-file", "k"]), Path::new("k"));
}
