//! Tokens that prove by a signature who they are from (RFC 7519, RFC 8725, RFC 9068).

use jsonwebtoken::{
    Algorithm, Header, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
    get_current_timestamp,
};
use serde_json::{Map, Value};
use toolwright_core::ErrorCode;

use super::{
    claims::Claims,
    keys::{Keys, Unavailable},
    signature,
};

/// How far clocks may differ, in seconds.
pub(super) const LEEWAY: u64 = 60;

/// What a token has to be, and the keys that can have signed it. It knows nothing of a manifest, so that other
/// signed assertions can be checked with it as well, such as what a proxy says of who is signed in.
pub(crate) struct Verification {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    keys: Keys,
    /// Whether it has to be an access token, and not an ID token, say.
    only_access: bool,
}

impl Verification {
    /// A token of this issuer, for this audience, signed with one of `algorithms` (names of RFC 7518) by one of the
    /// keys.
    ///
    /// # Errors
    /// When an algorithm is not known, or is one whose key both sides share.
    pub(crate) fn new(issuer: &str, audience: &str, algorithms: &[&str], keys: Keys) -> anyhow::Result<Self> {
        signature::install();
        let known = |name: &&str| {
            let algorithm: Option<Algorithm> = name.parse().ok();
            let shared = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
            let fit = algorithm.filter(|algorithm| !shared.contains(algorithm));
            fit.ok_or_else(|| anyhow::anyhow!("tokens cannot be signed with `{name}`"))
        };
        let algorithms = algorithms.iter().map(known).collect::<anyhow::Result<_>>()?;
        Ok(Self { issuer: issuer.to_owned(), audience: audience.to_owned(), algorithms, keys, only_access: false })
    }

    /// Takes access tokens alone.
    pub(super) fn of_access_tokens(self) -> Self {
        Self { only_access: true, ..self }
    }

    /// What a good token says.
    ///
    /// # Errors
    /// `malformed_credential`, `unknown_credential`, `expired_credential` or `issuer_unavailable`; the log says more than
    /// the caller is told, and never the token.
    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, ErrorCode> {
        let refuse = |code: ErrorCode, reason: &str| {
            tracing::info!(reason, "a credential was refused");
            code
        };
        let header = decode_header(token).map_err(|error| match error.kind() {
            // A header that can be read, with an algorithm that nobody knows, or with `none`.
            ErrorKind::Json(_) => refuse(ErrorCode::UnknownCredential, "its header is none that is known here"),
            _ => refuse(ErrorCode::MalformedCredential, "it is no JSON Web Token"),
        })?;
        self.check_header(&header).map_err(|reason| refuse(ErrorCode::UnknownCredential, reason))?;
        let claims = match self.signed(token, &header).await {
            Ok(claims) => Claims(claims),
            Err(Refused::Unavailable) => return Err(ErrorCode::IssuerUnavailable),
            Err(Refused::UnknownKey) => {
                return Err(refuse(ErrorCode::UnknownCredential, "its key is not the issuer's"));
            }
            Err(Refused::Fault(error)) => {
                return Err(match error.kind() {
                    ErrorKind::ExpiredSignature => refuse(ErrorCode::ExpiredCredential, "it has expired"),
                    _ => refuse(ErrorCode::UnknownCredential, &error.to_string()),
                });
            }
        };
        let checked = self.check_claims(&claims).and_then(|()| self.check_kind(&header, &claims));
        checked.map_err(|reason| refuse(ErrorCode::UnknownCredential, reason))?;
        Ok(claims)
    }

    /// Whether the issuer has ever said which keys it has. It is asked if it has not.
    pub(crate) async fn knows_keys(&self) -> bool {
        self.keys.were_known() || self.keys.current().await.is_ok()
    }

    /// What is wrong with a header before any key is looked at.
    fn check_header(&self, header: &Header) -> Result<(), &'static str> {
        if !self.algorithms.contains(&header.alg) {
            return Err("its algorithm is not among those that are taken");
        }
        // What has to be understood, and is not.
        if header.crit.is_some() {
            return Err("its header has critical parameters");
        }
        // Tokens of other kinds are typed, so that none is taken for an access token (RFC 8725, section 3.11).
        match type_of(header).as_deref() {
            None | Some("jwt" | "at+jwt") => Ok(()),
            Some(_) => Err("its type is of something else than an access token"),
        }
    }

    /// The claims of a token whose signature and times are good. If the key is not known, or none is named and none
    /// fits, the issuer may have a new one.
    async fn signed(&self, token: &str, header: &Header) -> Result<Map<String, Value>, Refused> {
        let validation = self.validation(header.alg);
        let known = self.keys.current().await.map_err(|Unavailable| Refused::Unavailable)?;
        let tried = |known: &super::keys::Known| {
            let mut last = Refused::UnknownKey;
            for candidate in known.candidates(header.kid.as_deref(), header.alg) {
                match decode(token, &candidate.decoding, &validation) {
                    Ok(data) => return Ok(data.claims),
                    Err(error) if *error.kind() == ErrorKind::InvalidSignature => last = Refused::Fault(error),
                    // The signature is good, and the token is not.
                    Err(error) => return Err(Refused::Fault(error)),
                }
            }
            Err(last)
        };
        match tried(&known) {
            Err(Refused::UnknownKey) => tried(&*self.keys.after(known).await),
            Err(Refused::Fault(error)) if header.kid.is_none() && *error.kind() == ErrorKind::InvalidSignature => {
                tried(&*self.keys.after(known).await)
            }
            other => other,
        }
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation
    }

    /// What the library takes more broadly than RFC 9068 has it.
    fn check_claims(&self, Claims(claims): &Claims) -> Result<(), &'static str> {
        // One issuer, and not a list in which it is one of several.
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer.as_str()) {
            return Err("its issuer is not one text");
        }
        match claims.get("iat").map(Value::as_f64) {
            None => Ok(()),
            Some(Some(issued)) if issued <= as_number(get_current_timestamp() + LEEWAY) => Ok(()),
            Some(_) => Err("it was issued in the future"),
        }
    }

    /// Where the audience is a client's id, its ID tokens have that audience, too.
    fn check_kind(&self, header: &Header, claims: &Claims) -> Result<(), &'static str> {
        if !self.only_access {
            return Ok(());
        }
        let is_typed = type_of(header).as_deref() == Some("at+jwt");
        if claims.is_of_another_kind() || !is_typed && claims.is_an_id_tokens() {
            return Err("it is no access token");
        }
        Ok(())
    }
}

/// The type that a header names, as it is compared.
fn type_of(header: &Header) -> Option<String> {
    let typ = header.typ.as_deref()?.to_ascii_lowercase();
    Some(typ.strip_prefix("application/").unwrap_or(&typ).to_owned())
}

/// Why a token is not good.
enum Refused {
    Unavailable,
    UnknownKey,
    Fault(Error),
}

/// A time for comparison with one that can have fractions.
#[allow(clippy::cast_precision_loss, reason = "seconds are far below what a float holds exactly")]
pub(super) fn as_number(seconds: u64) -> f64 {
    seconds as f64
}
