//! The credential that came with a request, for those parts of the runtime that go on with it.

use secrecy::{ExposeSecret as _, SecretString};

/// A credential in clear text: nothing prints it, and it is wiped from memory. No handler can reach it.
#[derive(Debug, Clone)]
pub(crate) struct Credential(SecretString);

impl Credential {
    pub(crate) fn new(text: &str) -> Self {
        Self(SecretString::from(text))
    }

    /// The clear text, to be sent or to be hashed.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_it() {
        let credential = Credential::new("acmepat_0123456789");
        let printed = format!("{credential:?} {credential:#?}");
        assert!(!printed.contains("acmepat_"), "{printed}");
        assert_eq!(credential.clone().expose(), "acmepat_0123456789");
    }
}
