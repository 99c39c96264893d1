//! Keys of other services that a server's own code stores for people, and that the settings show.

use std::{fmt, pin::Pin};

use secrecy::{ExposeSecret as _, SecretString};
pub use toolwright_pages::KeyFieldKind;

/// Keys of other services that a server's own code stores: the settings have a page where people list, add and delete
/// theirs. No token reaches them, whatever its scopes; the page takes a session only.
///
/// What is stored, and how it is kept secret, is the implementation's. It is given to the settings with
/// [`Context::store_keys`](crate::Context::store_keys).
///
/// ```
/// use toolwright::{
///     KeyError, KeyField, KeyFieldKind, KeyOwner, KeyValues, StoredKey, StoredKeys,
/// };
/// # struct Vault;
/// # impl Vault {
/// #     async fn all(&self, _: &str) -> anyhow::Result<Vec<StoredKey>> { Ok(Vec::new()) }
/// #     async fn seal(&self, _: &str, _: &str, _: &str) -> anyhow::Result<()> { Ok(()) }
/// #     async fn remove(&self, _: &str, _: &str) -> anyhow::Result<Option<String>> { Ok(None) }
/// # }
///
/// /// Keys of a translation service, each under a name.
/// struct TranslationKeys(Vault);
///
/// impl StoredKeys for TranslationKeys {
///     fn description(&self) -> &str {
///         "Your translations are made with the key that you have added last."
///     }
///
///     fn fields(&self) -> &[KeyField] {
///         const FIELDS: &[KeyField] = &[
///             KeyField::new("name", "Name", KeyFieldKind::Text),
///             KeyField::new("key", "Key", KeyFieldKind::Secret),
///         ];
///         FIELDS
///     }
///
///     async fn list(&self, owner: &KeyOwner) -> anyhow::Result<Vec<StoredKey>> {
///         self.0.all(&owner.subject).await
///     }
///
///     async fn add(&self, owner: &KeyOwner, values: &KeyValues) -> Result<String, KeyError> {
///         let (name, key) = (values.get("name"), values.get("key"));
///         if key.len() < 20 {
///             return Err(KeyError::field("key", "A key has 20 characters or more."));
///         }
///         self.0.seal(&owner.subject, name, key).await?;
///         Ok(name.to_owned())
///     }
///
///     async fn delete(&self, owner: &KeyOwner, id: &str) -> Result<Option<String>, KeyError> {
///         Ok(self.0.remove(&owner.subject, id).await?)
///     }
/// }
/// ```
pub trait StoredKeys: Send + Sync + 'static {
    /// What the keys are for, in a sentence or two.
    fn description(&self) -> &str;

    /// What is asked for to add one.
    fn fields(&self) -> &[KeyField];

    /// Somebody's keys, in the order in which they are shown.
    ///
    /// # Errors
    /// When they cannot be read. The log has the error.
    fn list(&self, owner: &KeyOwner) -> impl Future<Output = anyhow::Result<Vec<StoredKey>>> + Send;

    /// Stores a key, and gives what its owner calls it.
    ///
    /// # Errors
    /// What its owner has to write otherwise, or why it cannot be stored.
    fn add(&self, owner: &KeyOwner, values: &KeyValues) -> impl Future<Output = Result<String, KeyError>> + Send;

    /// Deletes one of somebody's keys, and gives what its owner called it; nothing, where they have none with this
    /// id.
    ///
    /// # Errors
    /// Why it cannot be deleted.
    fn delete(&self, owner: &KeyOwner, id: &str) -> impl Future<Output = Result<Option<String>, KeyError>> + Send;
}

/// Whose keys are meant, and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyOwner {
    /// Whose keys they are: what a call of their tokens has as its `subject`. Where the server keeps accounts, that is
    /// an email address, which can be another user's later: store keys by `user` there.
    pub subject: String,
    /// The id of the user, where the server keeps accounts; what a call of their tokens has as its `user`. No other
    /// user ever gets it.
    pub user: Option<i64>,
    /// Who is signed in, for a record of what was done.
    pub name: String,
    /// The id of the session.
    pub session: String,
}

/// What is asked for to add a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: KeyFieldKind,
    pub(super) hint: Option<&'static str>,
    pub(super) required: bool,
}

impl KeyField {
    /// A field that has to be filled in. `name` is what it is called where the form is sent, and never `csrf`.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str, kind: KeyFieldKind) -> Self {
        Self { name, label, kind, hint: None, required: true }
    }

    /// The same with what to write, in a sentence.
    #[must_use]
    pub const fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The same, and it can be left out.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

/// What was filled in. Nothing prints it, and it is wiped from memory.
#[derive(Debug, Default)]
pub struct KeyValues(pub(super) Vec<(String, SecretString)>);

impl KeyValues {
    /// What was written into a field, without spaces around it; without any such field, nothing.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.expose_secret().trim())
    }
}

/// A stored key, as its owner is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id.
    pub id: String,
    /// What its owner called it.
    pub name: String,
    /// What may be shown of it, such as `…3f9a`.
    pub masked: String,
    /// What else is known of it: what it is, and its value.
    pub details: Vec<(String, String)>,
    /// When it was added, in seconds since 1970.
    pub added_at: Option<i64>,
}

/// Why a key is not stored or not deleted.
#[derive(Debug)]
pub enum KeyError {
    /// Something is wrong with one field.
    Field {
        /// The field's name.
        name: &'static str,
        /// What is wrong with it, in a sentence.
        why: String,
    },
    /// It cannot be as it is: what to do about it, in a sentence.
    Refused(String),
    /// The server's own fault. The log has the error; the person is told to try again.
    Internal(anyhow::Error),
}

impl KeyError {
    /// Something is wrong with one field: what, in a sentence.
    pub fn field(name: &'static str, why: impl Into<String>) -> Self {
        Self::Field { name, why: why.into() }
    }
}

impl From<anyhow::Error> for KeyError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Any [`StoredKeys`].
pub(crate) trait AnyStoredKeys: Send + Sync {
    fn description(&self) -> &str;
    fn fields(&self) -> &[KeyField];
    fn list<'a>(&'a self, owner: &'a KeyOwner) -> Answer<'a, anyhow::Result<Vec<StoredKey>>>;
    fn add<'a>(&'a self, owner: &'a KeyOwner, values: &'a KeyValues) -> Answer<'a, Result<String, KeyError>>;
    fn delete<'a>(&'a self, owner: &'a KeyOwner, id: &'a str) -> Answer<'a, Result<Option<String>, KeyError>>;
}

impl<K: StoredKeys> AnyStoredKeys for K {
    fn description(&self) -> &str {
        StoredKeys::description(self)
    }

    fn fields(&self) -> &[KeyField] {
        StoredKeys::fields(self)
    }

    fn list<'a>(&'a self, owner: &'a KeyOwner) -> Answer<'a, anyhow::Result<Vec<StoredKey>>> {
        Box::pin(StoredKeys::list(self, owner))
    }

    fn add<'a>(&'a self, owner: &'a KeyOwner, values: &'a KeyValues) -> Answer<'a, Result<String, KeyError>> {
        Box::pin(StoredKeys::add(self, owner, values))
    }

    fn delete<'a>(&'a self, owner: &'a KeyOwner, id: &'a str) -> Answer<'a, Result<Option<String>, KeyError>> {
        Box::pin(StoredKeys::delete(self, owner, id))
    }
}

impl fmt::Debug for dyn AnyStoredKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredKeys")
    }
}
