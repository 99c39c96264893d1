//! The settings in the browser: what `serve` adds to the routes, and the commands `sign-in` and `sign-out`.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use clap::{ArgMatches, Args, FromArgMatches as _, Subcommand};
use url::Url;

use super::{
    accounts,
    first_token::{LOCAL, Place},
    options::DatabaseOption,
    print,
};
use crate::{
    ServerSpec,
    account::Accounts,
    console::{AnySignIn, AnyStoredKeys, Console, LINK, Proxy, ROOT, Sessions, Setup, SignedHeader},
    credential::{Tokens, Verifier, is_printable},
    database::Database,
    http::{Trusted, is_loopback},
    server::Server,
};

const NO_ANSWER: &str = "the database of sessions does not answer";

/// The commands that a server with settings has.
#[derive(Debug, Subcommand)]
pub(super) enum SettingsCommand {
    /// Print a link that opens the settings in a browser: once, and within ten minutes.
    SignIn(SignInOptions),
    /// End every session in which somebody has the settings open, and their link.
    SignOut(SignOutOptions),
}

impl SettingsCommand {
    /// Their names.
    pub(super) const NAMES: [&str; 2] = ["sign-in", "sign-out"];
}

#[derive(Debug, Args)]
pub(super) struct SignInOptions {
    /// Whose settings are opened
    #[arg(long, value_name = "NAME", default_value = LOCAL)]
    subject: String,
    /// Address that the server listens on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// URL under which clients reach the endpoint, when it is not the address itself
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    #[command(flatten)]
    database: DatabaseOption,
}

#[derive(Debug, Args)]
pub(super) struct SignOutOptions {
    /// Whose sessions are ended
    #[arg(long, value_name = "NAME", default_value = LOCAL)]
    subject: String,
    #[command(flatten)]
    database: DatabaseOption,
}

pub(super) async fn run(spec: &'static ServerSpec, command: SettingsCommand) -> anyhow::Result<()> {
    match command {
        SettingsCommand::SignIn(SignInOptions { subject, listen, public_url, database }) => {
            ensure!(public_url.is_some() || listen.port() != 0, "say the port with --listen: 0 is any free one");
            let base = base(public_url.as_deref(), listen)?;
            let database = Database::open(&database.database).await?;
            let link = async {
                let subject = find_subject(spec, &database, &subject).await?;
                Sessions::new(&database).link(&subject).await.context("a link cannot be made")
            };
            let link = link.await;
            database.close().await;
            let link = link?;
            eprintln!("opens the settings of {subject}, once and within {} minutes:", LINK / 60);
            print(&format!("{}\n", address(&base, &link)))
        }
        SettingsCommand::SignOut(SignOutOptions { subject, database }) => {
            let database = Database::open(&database.database).await?;
            let ended = async {
                let subject = find_subject(spec, &database, &subject).await?;
                Sessions::new(&database).end_all(&subject).await.context(NO_ANSWER)
            };
            let ended = ended.await;
            database.close().await;
            eprintln!("sessions of {subject} that were ended: {}", ended?);
            Ok(())
        }
    }
}

/// Who is meant, as sessions and tokens have them.
async fn find_subject(spec: &ServerSpec, database: &Database, named: &str) -> anyhow::Result<String> {
    if spec.account().is_some() {
        return Ok(accounts::find_user(spec, &Accounts::new(database), named).await?.id.to_string());
    }
    ensure!(is_printable(named), "a subject has 1 to 64 printable characters");
    Ok(named.to_owned())
}

/// Where the server is, without a path.
fn base(public: Option<&str>, address: SocketAddr) -> anyhow::Result<String> {
    let Some(public) = public else {
        // Nobody can open the address that stands for all of them.
        return Ok(if address.ip().is_unspecified() {
            format!("http://localhost:{}", address.port())
        } else {
            format!("http://{address}")
        });
    };
    let url = Url::parse(public).with_context(|| format!("`{public}` is not a URL"))?;
    match url.origin() {
        origin @ url::Origin::Tuple(..) => Ok(origin.ascii_serialization()),
        url::Origin::Opaque(_) => bail!("`{public}` is not the URL of a server"),
    }
}

fn address(base: &str, link: &str) -> String {
    format!("{base}{ROOT}/sign-in?code={link}")
}

/// A proxy before the server that has people sign in, and says so in a header that it signs.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "an option is called as its field is")]
pub(super) struct IdentityOptions {
    /// Header of a proxy's with a signed JSON Web Token that says who opens the settings, in the place of links
    #[arg(
        long,
        value_name = "NAME",
        requires_all = ["identity_issuer", "identity_audience", "identity_jwks"],
    )]
    identity_header: Option<String>,
    /// Who issues the tokens in that header (`iss`)
    #[arg(long, value_name = "ISSUER", requires = "identity_header")]
    identity_issuer: Option<String>,
    /// Whom the tokens in that header are for (`aud`)
    #[arg(long, value_name = "AUDIENCE", requires = "identity_header")]
    identity_audience: Option<String>,
    /// Where the keys are that the tokens in that header are signed with
    #[arg(long, value_name = "URL", requires = "identity_header")]
    identity_jwks: Option<String>,
    /// The claim of the tokens in that header that says who it is
    #[arg(long, value_name = "CLAIM", default_value = "email")]
    identity_claim: String,
}

impl IdentityOptions {
    /// What the command line and the environment say, of a command that can be told.
    pub(super) fn of(matches: &ArgMatches) -> Option<Self> {
        matches.try_contains_id("identity_header").ok()?;
        Self::from_arg_matches(matches).ok()
    }
}

/// What a program gives to its settings.
#[derive(Default)]
pub(super) struct Settings {
    /// What tells who somebody is, in the place of one-time links.
    pub(super) sign_in: Option<Arc<dyn AnySignIn>>,
    pub(super) offered: Offered,
}

/// What the server's own code adds to the settings when it starts. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(super) struct Offered {
    keys: Arc<OnceLock<Arc<dyn AnyStoredKeys>>>,
}

impl Offered {
    /// The first ones that are offered are those of the page.
    pub(super) fn keys(&self, keys: Arc<dyn AnyStoredKeys>) {
        self.keys.get_or_init(|| keys);
    }
}

impl Settings {
    /// Has the proxy say who somebody is that the options name, if they name one.
    pub(super) fn identify(&mut self, spec: &ServerSpec, options: Option<&IdentityOptions>) -> anyhow::Result<()> {
        let Some((options, header)) = options.and_then(|options| Some((options, options.identity_header.as_deref()?)))
        else {
            return Ok(());
        };
        ensure!(
            self.sign_in.is_none(),
            "the server has a sign-in of its own, which says who opens the settings: leave --identity-header out"
        );
        let proxy = Proxy {
            header,
            issuer: options.identity_issuer.as_deref().unwrap_or_default(),
            audience: options.identity_audience.as_deref().unwrap_or_default(),
            keys: options.identity_jwks.as_deref().unwrap_or_default(),
            claim: &options.identity_claim,
        };
        self.sign_in = Some(Arc::new(SignedHeader::new(spec, proxy)?));
        Ok(())
    }

    /// The routes, where the server keeps tokens.
    pub(super) fn routes(
        self,
        server: &Arc<Server>,
        trusted: &Arc<Trusted>,
        public: Option<&str>,
        place: Place<'_>,
    ) -> anyhow::Result<Router> {
        let (Verifier::Tokens(tokens), Some(declared)) = (&server.verifier, server.spec.credential.tokens()) else {
            return Ok(Router::new());
        };
        let base = base(public, place.address)?;
        let is_encrypted = public.map(|_| base.starts_with("https:"));
        if is_encrypted == Some(false) && !Url::parse(&base).is_ok_and(|base| is_loopback(&base)) {
            tracing::warn!(
                "the settings are reached without encryption: whoever listens can take a session over; have a proxy \
                 encrypt, and say so in --public-url"
            );
        }
        let setup = Setup {
            declared,
            sessions: Sessions::new(tokens.database()),
            sign_in: self.sign_in,
            keys: self.offered.keys.get().cloned(),
            endpoint: place.url,
            base: &base,
            is_encrypted,
        };
        Ok(Console::new(Arc::clone(server), Arc::clone(trusted), setup)?.routes())
    }

    /// Prints a link to whoever sits at this machine, where nobody else can listen and nobody else be meant. Where
    /// the server has a public URL, its log is perhaps read by others.
    pub(super) async fn welcome(
        &self,
        spec: &ServerSpec,
        tokens: &Tokens,
        subject: Option<&str>,
        public: Option<&str>,
        place: Place<'_>,
    ) -> anyhow::Result<()> {
        let (None, None, Some(subject), true) = (&self.sign_in, public, subject, place.address.ip().is_loopback())
        else {
            return Ok(());
        };
        let link = Sessions::new(tokens.database()).link(subject).await.context("a link cannot be made")?;
        let link = address(&base(public, place.address)?, &link);
        eprintln!("{}: the settings, in a browser, once and within {} minutes:\n\n    {link}\n", spec.name, LINK / 60);
        Ok(())
    }
}
