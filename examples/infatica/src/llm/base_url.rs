//! Where an endpoint is.

use std::{fmt, str::FromStr};

use url::Url;

/// The longest base URL, in bytes.
const MAX_BYTES: usize = 1024;

/// What all paths of an OpenAI-compatible endpoint start with, such as <https://api.openai.com/v1>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Where chats are completed.
    pub(super) fn chat_completions(&self) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["chat", "completions"]);
        }
        url
    }

    /// Whether nobody in between can read what is sent there.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it must start with http:// or https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name or password; a key is not part of the URL".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a `?` or `#`, after which no path can follow".to_owned());
        }
        if url.path().trim_end_matches('/').ends_with("/chat/completions") {
            return Err("leave out `/chat/completions`, which is put after it".to_owned());
        }
        if url.as_str().len() > MAX_BYTES {
            return Err(format!("it has more than {MAX_BYTES} bytes"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chats_are_completed_below_it() {
        for (base, chats) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
            ("http://127.0.0.1:11434", "http://127.0.0.1:11434/chat/completions"),
            ("http://[::1]:8000/a%20b", "http://[::1]:8000/a%20b/chat/completions"),
        ] {
            assert_eq!(base.parse::<BaseUrl>().unwrap().chat_completions().as_str(), chats);
        }
    }

    #[test]
    fn what_is_none_is_told_why() {
        let long = format!("https://example.com/{}", "x".repeat(MAX_BYTES));
        for (text, why) in [
            ("api.openai.com/v1", "it is no URL"),
            ("", "it is no URL"),
            ("ftp://example.com/", "it must start with http:// or https://"),
            ("mailto:someone@example.com", "it must start with"),
            ("https://sk-secret@example.com/v1", "it has a user name or password"),
            ("https://:sk-secret@example.com/v1", "it has a user name or password"),
            ("https://example.com/v1?key=sk-secret", "it has a `?` or `#`"),
            ("https://example.com/v1#", "it has a `?` or `#`"),
            ("https://example.com/v1/chat/completions/", "leave out `/chat/completions`"),
            (&long, "it has more than 1024 bytes"),
        ] {
            let message = text.parse::<BaseUrl>().unwrap_err();
            assert!(message.starts_with(why) && !message.contains("sk-secret"), "{text}: {message}");
        }
    }
}
