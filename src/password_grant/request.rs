//! What a program asks with: the parameters of RFC 6749, section 4.3.2, as a form or as JSON.

use secrecy::SecretString;
use serde::{
    Deserialize,
    de::value::{Error as FormError, MapDeserializer},
};
use toolwright_core::ErrorCode;
use url::form_urlencoded;

use super::{Refused, password};

/// How the parameters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Form,
}

/// The longest email address (RFC 5321, section 4.5.3.1.3, without its brackets), in bytes.
const LONGEST_EMAIL: usize = 254;

/// A request that has everything.
#[derive(Debug)]
pub(super) struct GrantRequest {
    pub(super) email: String,
    pub(super) password: SecretString,
    /// What is asked for, if not everything.
    pub(super) scope: Option<String>,
}

/// A parameter without a value is one that was left out, one that is not known is ignored, and none
/// stands there twice (RFC 6749, section 3.2).
#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    grant_type: String,
    /// As the vendors of such servers call it; OAuth says `username`.
    #[serde(default, alias = "username")]
    email: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    scope: String,
}

impl GrantRequest {
    /// # Errors
    /// `MalformedGrant` or `UnsupportedGrantType`. No message repeats what came: it can hold a password.
    pub(super) fn parse(body: &[u8], format: Format) -> Result<Self, Refused> {
        use secrecy::ExposeSecret as _;
        let Some(Parameters { grant_type, email, password, scope }) = parameters(body, format) else {
            return Err(Refused::new(ErrorCode::MalformedGrant));
        };
        let named = [("grant_type", grant_type.as_str()), ("email", &email), ("password", password.expose_secret())];
        // Of another grant, the other parameters are not ours to ask for.
        if !grant_type.is_empty() && grant_type != "password" {
            return Err(Refused::new(ErrorCode::UnsupportedGrantType));
        }
        if let Some((name, _)) = named.iter().find(|(_, value)| value.is_empty()) {
            return Err(malformed(format!("The parameter `{name}` is missing.")));
        }
        for (name, length, longest) in
            [("email", email.len(), LONGEST_EMAIL), ("password", password.expose_secret().len(), password::LONGEST)]
        {
            if length > longest {
                return Err(malformed(format!("The parameter `{name}` is over {longest} bytes.")));
            }
        }
        // No address has any, and not every database can be asked for one that does.
        if email.contains(char::is_control) {
            return Err(malformed("The parameter `email` has control characters.".to_owned()));
        }
        Ok(Self { email, password, scope: Some(scope).filter(|scope| !scope.is_empty()) })
    }
}

fn malformed(detail: String) -> Refused {
    Refused { detail: Some(detail), ..Refused::new(ErrorCode::MalformedGrant) }
}

fn parameters(body: &[u8], format: Format) -> Option<Parameters> {
    match format {
        Format::Json => {
            // Of a list, the deserializer would take the items for the parameters in their order.
            body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok())?
        }
        Format::Form => {
            std::str::from_utf8(body).ok()?;
            let pairs = form_urlencoded::parse(body);
            Parameters::deserialize(MapDeserializer::<_, FormError>::new(pairs)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(body: &str, format: Format) -> Result<(String, Option<String>), ErrorCode> {
        GrantRequest::parse(body.as_bytes(), format)
            .map(|request| (request.email, request.scope))
            .map_err(|refused| refused.code)
    }

    #[test]
    fn parameters_come_as_json_and_as_a_form() {
        let ada = |scope: Option<&str>| Ok(("ada@example.com".to_owned(), scope.map(str::to_owned)));
        let (malformed, unsupported) = (Err(ErrorCode::MalformedGrant), Err(ErrorCode::UnsupportedGrantType));
        for (body, expected) in [
            (r#"{"grant_type":"password","email":"ada@example.com","password":"p"}"#, ada(None)),
            (r#" {"grant_type":"password","username":"ada@example.com","password":"p","client_id":7}"#, ada(None)),
            (r#"{"grant_type":"password","email":"ada@example.com","password":"p","scope":"a b"}"#, ada(Some("a b"))),
            (r#"{"grant_type":"password","email":"ada@example.com","password":"p","scope":""}"#, ada(None)),
            (r#"{"grant_type":"refresh_token"}"#, unsupported.clone()),
            (r#"{"email":"ada@example.com","password":"p"}"#, malformed.clone()),
            (r#"{"grant_type":"password","password":"p"}"#, malformed.clone()),
            (r#"{"grant_type":"password","email":"ada@example.com"}"#, malformed.clone()),
            (r#"{"grant_type":"password","email":"a","username":"b","password":"p"}"#, malformed.clone()),
            (r#"{"grant_type":"password","email":"a","password":"p","pass\u0077ord":"q"}"#, malformed.clone()),
            (r#"{"grant_type":"password","email":"a","password":7}"#, malformed.clone()),
            (r#"["password","ada@example.com","p",""]"#, malformed.clone()),
            (r#"{"grant_type":"password","email":"ada\u0000@example.com","password":"p"}"#, malformed.clone()),
            (r#"{"grant_type":"password","email":"ada@example.com\n","password":"p"}"#, malformed.clone()),
            ("", malformed.clone()),
            ("grant_type=password&email=a&password=p", malformed.clone()),
        ] {
            assert_eq!(outcome(body, Format::Json), expected, "{body}");
        }
        for (body, expected) in [
            ("grant_type=password&username=ada%40example.com&password=p&scope=a+b", ada(Some("a b"))),
            ("grant_type=password&email=ada%40example.com&password=p&unknown=1&unknown=2", ada(None)),
            ("grant_type=authorization_code&code=x", unsupported),
            ("grant_type=password&email=a&password=p&password=q", malformed.clone()),
            ("grant_type=password&email=a&password=", malformed.clone()),
            ("grant_type=password&email=a%00&password=p", malformed.clone()),
            ("grant_type=password&email=%C2%85a&password=p", malformed.clone()),
            ("", malformed),
        ] {
            assert_eq!(outcome(body, Format::Form), expected, "{body}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_hashed() {
        let json = |email: &str, password: &str| {
            outcome(&format!(r#"{{"grant_type":"password","email":"{email}","password":"{password}"}}"#), Format::Json)
        };
        assert!(json(&"e".repeat(254), &"p".repeat(1024)).is_ok());
        assert!(json(&"e".repeat(255), "p").is_err());
        assert!(json("e", &"p".repeat(1025)).is_err());
    }
}
