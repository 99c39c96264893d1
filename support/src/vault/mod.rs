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

#[cfg(test)]
mod tests;

/// The bytes of one key.
const KEY_BYTES: usize = 32;

/// More than centuries of rotations leave.
const MAX_FILE_BYTES: u64 = 1 << 16;

/// Where the keys of the vault are.
///
/// The environment variable that says it, too, has the name that the server gives it, where it takes the
/// option among its own: `#[command(mut_arg("key_file", |option| option.env("ACME_KEY_FILE")))]`.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct VaultOption {
    /// The file of the keys that stored secrets are encrypted under; beside the store where none is given
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl VaultOption {
    /// The vault of the store at a path. Its file need not be there yet: see [`Vault::create`].
    pub fn vault(&self, store: &Path) -> Vault {
        let file = self.key_file.clone().unwrap_or_else(|| {
            let mut file = store.as_os_str().to_owned();
            file.push(".key");
            file.into()
        });
        Vault { file }
    }
}

/// A secret that the vault has sealed, in two columns of a database.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Sealed {
    /// What was drawn for it alone.
    pub nonce: Vec<u8>,
    /// The secret, encrypted, and what shows whether it was changed.
    pub ciphertext: Vec<u8>,
}

/// Seals and opens secrets. The file of its keys is read each time, so that a server that runs learns
/// of a rotation.
#[derive(Debug, Clone)]
pub struct Vault {
    file: PathBuf,
}

impl Vault {
    /// The file of the keys.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Makes the file with a first key. One that is there stays as it is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<(), VaultError> {
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
    ///
    /// # Errors
    /// When the file is not there, is no key file, or cannot be replaced.
    pub fn rotate(&self) -> Result<(), VaultError> {
        let keys = self.read()?;
        let replaced = self.with_new_key(&keys).and_then(|file| Ok(file.persist(&self.file).map(drop)?));
        replaced.and_then(|()| self.keep_name()).map_err(|error| self.unusable(error))
    }

    /// Seals a secret. `purpose` is what it belongs to: it opens with the same only.
    ///
    /// # Errors
    /// When the file of the keys is no good.
    pub fn seal(&self, secret: &SecretString, purpose: &[u8]) -> Result<Sealed, VaultError> {
        let ciphers = self.ciphers()?;
        let newest = ciphers.last().ok_or_else(|| self.malformed(0))?;
        let nonce = XNonce::generate();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: purpose };
        // The cipher takes 256 GiB.
        let ciphertext =
            newest.encrypt(&nonce, payload).map_err(|_| self.unusable(io::ErrorKind::OutOfMemory.into()))?;
        Ok(Sealed { nonce: nonce.to_vec(), ciphertext })
    }

    /// Opens what was sealed for the same purpose. What the server reads so, it tells the runtime, which
    /// keeps it back from results and logs: `context.secrets.learn(…)`.
    ///
    /// # Errors
    /// When the file of the keys is no good, or none of its keys opens it.
    pub fn open(&self, sealed: &Sealed, purpose: &[u8]) -> Result<SecretString, VaultError> {
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
pub enum VaultError {
    /// There is no file, and it is not made where something is sealed already.
    #[error("there is no key file {}: put it back, or say with --key-file where it is", file.display())]
    Absent {
        /// Where it should be.
        file: PathBuf,
    },
    /// The file is open to others.
    #[error("others than its owner can read the key file {} (mode {mode:o}): chmod 600 it", file.display())]
    Exposed {
        /// Which.
        file: PathBuf,
        /// Its permissions, as `chmod` takes them.
        mode: u32,
    },
    /// What is in the file are no keys.
    #[error("{} is no key file: it has {bytes} bytes, and a key file has 32 for each of its keys", file.display())]
    Malformed {
        /// Which.
        file: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// None of the keys opens it.
    #[error("it was sealed with another key file than {}, or what it was sealed for has changed", file.display())]
    Wrong {
        /// The one that is there.
        file: PathBuf,
    },
    /// The machine failed.
    #[error("cannot use the key file {}: {error}", file.display())]
    Unusable {
        /// Which.
        file: PathBuf,
        /// How.
        error: io::Error,
    },
}
