//! Secrets at rest: what the store is given is sealed under a key that lies in a file of its own, so
//! that whoever gets the database has none of them.
//!
//! The file is 32 random bytes a key, the newest last. The newest seals; any of them opens, so that a
//! rotation that was interrupted, and a backup of the store from before one, lose nothing.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Generate as _, KeyInit as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use tempfile::NamedTempFile;

/// The bytes of one key.
const KEY_BYTES: usize = 32;

/// More than centuries of rotations leave.
const MAX_FILE_BYTES: u64 = 1 << 16;

/// Where the keys of the vault are.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct VaultOption {
    /// The file of the keys that stored keys are encrypted under; beside the store where none is given
    #[arg(long, value_name = "FILE", env = "INFATICA_KEY_FILE")]
    key_file: Option<PathBuf>,
}

impl VaultOption {
    /// The vault of a store.
    pub(crate) fn vault(&self, store: &Path) -> Vault {
        let file = self.key_file.clone().unwrap_or_else(|| {
            let mut file = store.as_os_str().to_owned();
            file.push(".key");
            file.into()
        });
        Vault { file }
    }
}

/// A secret that the vault has sealed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Sealed {
    pub(crate) nonce: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
}

/// Seals and opens secrets. The file of its keys is read each time, so that a server that runs learns
/// of a rotation.
#[derive(Debug, Clone)]
pub(crate) struct Vault {
    file: PathBuf,
}

impl Vault {
    /// The file of the keys.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Makes the file with a first key. One that is there stays as it is.
    pub(crate) fn create(&self) -> Result<(), VaultError> {
        match self.file.try_exists() {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => return Err(self.unusable(error)),
        }
        let made = self.with_new_key(&[]).and_then(|file| match file.persist_noclobber(&self.file) {
            // Another process was faster, and its key is as good.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => Ok(other.map(drop)?),
        });
        made.and_then(|()| self.keep_name()).map_err(|error| self.unusable(error))
    }

    /// Adds a key, which seals from now on. One process at a time can do it, or a key is lost.
    pub(crate) fn rotate(&self) -> Result<(), VaultError> {
        let keys = self.read()?;
        let replaced = self.with_new_key(&keys).and_then(|file| Ok(file.persist(&self.file).map(drop)?));
        replaced.and_then(|()| self.keep_name()).map_err(|error| self.unusable(error))
    }

    /// Seals a secret. `purpose` is what it belongs to: it opens with the same only.
    pub(crate) fn seal(&self, secret: &SecretString, purpose: &[u8]) -> Result<Sealed, VaultError> {
        let ciphers = self.ciphers()?;
        let newest = ciphers.last().ok_or_else(|| self.malformed(0))?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: purpose };
        // The cipher takes 256 GiB.
        let ciphertext =
            newest.encrypt(&nonce, payload).map_err(|_| self.unusable(io::ErrorKind::OutOfMemory.into()))?;
        Ok(Sealed { nonce: nonce.to_vec(), ciphertext })
    }

    /// Opens what was sealed for the same purpose.
    pub(crate) fn open(&self, sealed: &Sealed, purpose: &[u8]) -> Result<SecretString, VaultError> {
        let wrong = || VaultError::Wrong { file: self.file.clone() };
        let nonce = XNonce::try_from(sealed.nonce.as_slice()).map_err(|_| wrong())?;
        let open =
            |cipher: &XChaCha20Poly1305| cipher.decrypt(&nonce, Payload { msg: &sealed.ciphertext, aad: purpose }).ok();
        let opened = self.ciphers()?.iter().rev().find_map(open).ok_or_else(wrong)?;
        String::from_utf8(opened).map(SecretString::from).map_err(|_| wrong())
    }

    fn ciphers(&self) -> Result<Vec<XChaCha20Poly1305>, VaultError> {
        let bytes = self.read()?;
        match bytes.as_chunks::<KEY_BYTES>() {
            ([], _) => Err(self.malformed(bytes.len())),
            (keys, []) => Ok(keys.iter().map(|key| XChaCha20Poly1305::new(key.into())).collect()),
            (_, _) => Err(self.malformed(bytes.len())),
        }
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let file = File::open(&self.file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => VaultError::Absent { file: self.file.clone() },
            _ => self.unusable(error),
        })?;
        self.check_private(&file)?;
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(|error| self.unusable(error))?;
        Ok(bytes)
    }

    /// What others can read protects nothing.
    #[cfg(unix)]
    fn check_private(&self, file: &File) -> Result<(), VaultError> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(|error| self.unusable(error))?.permissions().mode() & 0o777;
        let of_owner = mode & 0o700;
        if mode == of_owner { Ok(()) } else { Err(VaultError::Exposed { file: self.file.clone(), mode }) }
    }

    #[cfg(not(unix))]
    fn check_private(&self, _: &File) -> Result<(), VaultError> {
        Ok(())
    }

    /// A file without a name yet, which only its owner can read: these keys and a new one.
    fn with_new_key(&self, keys: &[u8]) -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(self.folder())?;
        file.write_all(keys)?;
        file.write_all(&Zeroizing::new(<[u8; KEY_BYTES]>::from(Key::generate()))[..])?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Makes the file's name outlive a power cut, as a secret that is sealed under its key would.
    fn keep_name(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(self.folder())?.sync_all() } else { Ok(()) }
    }

    fn folder(&self) -> &Path {
        self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn unusable(&self, error: io::Error) -> VaultError {
        VaultError::Unusable { file: self.file.clone(), error }
    }

    fn malformed(&self, bytes: usize) -> VaultError {
        VaultError::Malformed { file: self.file.clone(), bytes }
    }
}

/// Why a secret was not sealed or opened, for the operator of the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error("there is no key file {}: put it back, or say with --key-file where it is", file.display())]
    Absent { file: PathBuf },
    #[error("others than its owner can read the key file {} (mode {mode:o}): chmod 600 it", file.display())]
    Exposed { file: PathBuf, mode: u32 },
    #[error("{} is no key file: it has {bytes} bytes, and a key file has 32 for each of its keys", file.display())]
    Malformed { file: PathBuf, bytes: usize },
    #[error("it was sealed with another key file than {}, or what it was sealed for has changed", file.display())]
    Wrong { file: PathBuf },
    #[error("cannot use the key file {}: {error}", file.display())]
    Unusable { file: PathBuf, error: io::Error },
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SECRET: &str = "sk-canary-of-the-vault";

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = VaultOption { key_file: None }.vault(&folder.path().join("store.db"));
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
}
