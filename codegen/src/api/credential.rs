//! How credentials are declared, and who checks them.

use toolwright_core::ScopeSet;

/// What callers present.
#[derive(Debug)]
pub struct Credential {
    /// Name for people.
    pub name: String,
    /// Its short form.
    pub abbreviation: String,
    /// The environment variable that `stdio` and the snippets name.
    pub env: String,
    /// Where a person creates one.
    pub create_at: String,
    /// Who checks it.
    pub verify: Verify,
}

impl Credential {
    /// How a program gets a short-lived one for a password.
    pub fn password_grant(&self) -> Option<&PasswordGrant> {
        match &self.verify {
            Verify::Tokens(tokens) => tokens.password_grant.as_ref(),
            Verify::Upstream(_) | Verify::Jwt(_) | Verify::Introspection(_) => None,
        }
    }

    /// What every one looks like, unless that is an issuer's business.
    pub fn form(&self) -> Option<&Form> {
        match &self.verify {
            Verify::Tokens(Tokens { form, .. }) | Verify::Upstream(Upstream { form, .. }) => Some(form),
            Verify::Jwt(_) | Verify::Introspection(_) => None,
        }
    }

    /// The OAuth issuer that clients sign in at, where one gives the credentials.
    pub fn issuer(&self) -> Option<&Issuer> {
        match &self.verify {
            Verify::Tokens(_) | Verify::Upstream(_) => None,
            Verify::Jwt(Jwt { issuer, .. }) | Verify::Introspection(Introspection { issuer, .. }) => Some(issuer),
        }
    }
}

/// What every credential looks like.
#[derive(Debug)]
pub struct Form {
    /// What it starts with.
    pub prefix: String,
    /// How many random characters follow.
    pub length: u64,
}

/// Who checks a credential.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a server has one")]
pub enum Verify {
    /// The server itself, whose tokens they are.
    Tokens(Tokens),
    /// The API that the tools ask.
    Upstream(Upstream),
    /// The server, by the signature of an OAuth issuer.
    Jwt(Jwt),
    /// An OAuth issuer, which is asked.
    Introspection(Introspection),
}

/// An OAuth issuer, whose access tokens callers present.
#[derive(Debug)]
pub struct Issuer {
    /// Its identifier, as it is declared.
    pub url: String,
    /// The environment variable that names another issuer.
    pub env: String,
    /// What a token has to be issued for, when it is not the URL of the endpoint.
    pub audience: Option<String>,
    /// The claim with the scopes, when it is neither `scope` nor `scp`.
    pub scope_claim: Option<String>,
    /// What a client asks for at first.
    pub scopes: ScopeSet,
}

/// Access tokens that the server checks by their signature.
#[derive(Debug)]
pub struct Jwt {
    /// Who signs them.
    pub issuer: Issuer,
    /// Where the keys are, when the issuer's metadata is not to be asked.
    pub keys: Option<String>,
    /// The algorithms that a signature can have, by their names in JSON Web Algorithms.
    pub algorithms: Vec<&'static str>,
    /// How long the keys are used before they are asked for again, in seconds.
    pub cache_seconds: u64,
}

/// Access tokens that the issuer is asked about.
#[derive(Debug)]
pub struct Introspection {
    /// Who is asked.
    pub issuer: Issuer,
    /// Where, when the issuer's metadata is not to be asked.
    pub endpoint: Option<String>,
    /// The environment variable with the name that the server has at the issuer.
    pub client_id_env: String,
    /// The environment variable with its secret there.
    pub client_secret_env: String,
    /// How long an answer is believed, in seconds.
    pub cache_seconds: u64,
}

/// Credentials that the server creates.
#[derive(Debug)]
pub struct Tokens {
    /// What every one looks like.
    pub form: Form,
    /// How long one lives unless its maker says otherwise, in seconds.
    pub lifetime_seconds: u64,
    /// Legacy: how a program gets a short-lived one for a password.
    pub password_grant: Option<PasswordGrant>,
}

/// The API that checks credentials, and that the tools ask with them.
#[derive(Debug)]
pub struct Upstream {
    /// What every credential of it looks like.
    pub form: Form,
    /// Where it is, without a slash at the end.
    pub origin: String,
    /// The environment variable that names another origin.
    pub env: String,
    /// The path that tells whose a credential is, with a leading slash.
    pub check: String,
    /// How long its answer is believed, in seconds.
    pub cache_seconds: u64,
    /// Where the answer says what.
    pub answer: Answer,
}

/// Where the answer to a check says what; each is a way through properties.
#[derive(Debug)]
pub struct Answer {
    /// The credential's id.
    pub id: Vec<String>,
    /// The credential's name.
    pub name: Vec<String>,
    /// Whose data it reaches.
    pub subject: Vec<String>,
    /// What it allows.
    pub grants: AnswerGrants,
}

/// Where the answer to a check says what a credential allows.
#[derive(Debug)]
pub enum AnswerGrants {
    /// A list of scopes, the same whatever a call is about.
    Whole(Vec<String>),
    /// A list of scopes for each value of the binding.
    Bound {
        /// The list of values.
        each: Vec<String>,
        /// The id, in an item of the list.
        id: Vec<String>,
        /// The name, in an item of the list.
        name: Option<Vec<String>>,
        /// The scopes, in an item of the list.
        scopes: Vec<String>,
        /// The id of the default, in the answer.
        default: Option<Vec<String>>,
    },
}

/// How a program gets a short-lived credential for a password.
#[derive(Debug)]
pub struct PasswordGrant {
    /// Where it is asked for, with a leading slash.
    pub path: String,
    /// How long such a credential lives, in seconds.
    pub lifetime_seconds: u64,
    /// What it can be allowed to do.
    pub scopes: ScopeSet,
}
