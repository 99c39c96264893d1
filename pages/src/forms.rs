//! What the forms of the pages send, by the names of their fields. Each goes to the page that has it, by POST unless it
//! says otherwise; see [`crate::Pages::console`] for the addresses.

use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;

use toolwright_core::token::{LONGEST_LIFETIME, LONGEST_NAME};

use crate::page::tokens::CUSTOM;

/// `POST sign-in`: redeems a link.
#[derive(Debug, Deserialize)]
pub struct Redeem {
    /// The code of the link.
    pub code: String,
}

/// A form without a field of its own, such as `POST sign-out`.
#[derive(Debug, Deserialize)]
pub struct Bare {
    /// What binds the form to the session.
    pub csrf: String,
}

/// `POST tokens`: creates a token.
#[derive(Debug, Deserialize)]
pub struct CreateToken {
    /// What binds the form to the session.
    pub csrf: String,
    /// What to call it.
    #[serde(default)]
    pub name: String,
    /// The scopes that are ticked.
    #[serde(default)]
    pub scope: Vec<String>,
    /// How long it lives: a number of seconds, or `date`.
    #[serde(default)]
    pub lifetime: String,
    /// The last day on which it is valid, in UTC, as `2026-12-31`, where `lifetime` says `date`.
    #[serde(default)]
    pub expires_on: String,
}

impl CreateToken {
    /// The name without spaces around it.
    ///
    /// # Errors
    /// What is wrong with it, for [`crate::TokenForm::name_fault`].
    pub fn name(&self) -> Result<&str, String> {
        let name = self.name.trim();
        match name.chars().count() {
            0 => Err("Give it a name by which you will know it again.".to_owned()),
            length if length > LONGEST_NAME => Err(format!("Write {LONGEST_NAME} characters at most.")),
            _ if name.chars().any(char::is_control) => Err("Write it in one line.".to_owned()),
            _ => Ok(name),
        }
    }

    /// How long the token is to live, in seconds from `now`, itself in seconds since 1970.
    ///
    /// # Errors
    /// What is wrong with it, for [`crate::TokenForm::lifetime_fault`].
    pub fn lifetime(&self, now: i64) -> Result<u64, String> {
        let seconds = if self.lifetime == CUSTOM {
            let date: Date = self.expires_on.parse().map_err(|_| "Choose a day.".to_owned())?;
            let end = date.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC));
            let end = end.map_err(|_| "Choose an earlier day.".to_owned())?.timestamp().as_second();
            u64::try_from(end.saturating_sub(now)).unwrap_or_default()
        } else {
            self.lifetime.parse().map_err(|_| "Choose how long it lives.".to_owned())?
        };
        match seconds {
            0 => Err("Choose a day that has not passed.".to_owned()),
            1..=LONGEST_LIFETIME => Ok(seconds),
            _ => Err("Choose a day within a hundred years.".to_owned()),
        }
    }
}

/// `POST tokens/revoke` and `POST keys/delete`: ends the one with this id.
#[derive(Debug, Deserialize)]
pub struct End {
    /// What binds the form to the session.
    pub csrf: String,
    /// Which one.
    pub id: String,
}

/// `GET tokens?scope=…`: what is ticked when the page opens.
#[derive(Debug, Default, Deserialize)]
pub struct Prefill {
    /// The scopes.
    #[serde(default)]
    pub scope: Vec<String>,
}

/// `GET connect?client=&name=&account=`.
#[derive(Debug, Default, Deserialize)]
pub struct Choose {
    /// The word of the client.
    #[serde(default)]
    pub client: Option<String>,
    /// What the client shall call the server.
    #[serde(default)]
    pub name: Option<String>,
    /// What the endpoint's path names.
    #[serde(default)]
    pub account: Option<String>,
}

/// `GET tools?search=&scope=…`.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    /// What to look for.
    #[serde(default)]
    pub search: String,
    /// The scopes that are ticked.
    #[serde(default)]
    pub scope: Vec<String>,
}

/// `GET activity?token=`.
#[derive(Debug, Default, Deserialize)]
pub struct Filter {
    /// The id of the only token to show.
    #[serde(default)]
    pub token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday noon, 2026-11-22.
    const NOW: i64 = 1_795_348_800;

    fn form(lifetime: &str, expires_on: &str) -> CreateToken {
        CreateToken {
            csrf: String::new(),
            name: String::new(),
            scope: Vec::new(),
            lifetime: lifetime.to_owned(),
            expires_on: expires_on.to_owned(),
        }
    }

    #[test]
    fn a_lifetime_is_a_choice_or_the_end_of_a_day() {
        const HOUR: u64 = 3_600;
        for (lifetime, expires_on, expected) in [
            ("604800", "", Some(168 * HOUR)),
            ("604800", "2027-01-01", Some(168 * HOUR)),
            ("date", "2026-11-22", Some(12 * HOUR)),
            ("date", "2026-11-23", Some(36 * HOUR)),
            ("date", "2028-02-29", Some(465 * 24 * HOUR - 12 * HOUR)),
            ("date", "2026-11-21", None),
            ("date", "2027-02-29", None),
            ("date", "9999-12-31", None),
            ("date", "-009999-01-01", None),
            ("date", "", None),
            ("", "", None),
            ("0", "", None),
            ("-5", "", None),
            ("99999999999", "", None),
            ("99999999999999999999999", "", None),
        ] {
            assert_eq!(form(lifetime, expires_on).lifetime(NOW).ok(), expected, "{lifetime} {expires_on}");
        }
    }

    #[test]
    fn a_name_is_one_line_of_some_characters() {
        let longest = "ä".repeat(LONGEST_NAME);
        let longer = "ä".repeat(LONGEST_NAME + 1);
        for (name, expected) in [
            ("  CI  ", Some("CI")),
            (&longest, Some(longest.as_str())),
            (&longer, None),
            ("", None),
            ("   ", None),
            ("two\nlines", None),
        ] {
            let form = CreateToken { name: name.to_owned(), ..form("", "") };
            assert_eq!(form.name().ok(), expected, "{name}");
        }
    }
}
