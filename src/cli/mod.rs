//! The command line that every server has.

mod accounts;
mod audit;
mod contract;
mod first_token;
mod options;
mod password;
mod program;
#[cfg(feature = "console")]
mod settings;
#[cfg(not(feature = "console"))]
#[path = "no_settings.rs"]
mod settings;
mod snippet;
mod token;
mod tools;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Handlers, Secrets, ServerSpec, Upstream,
    account::ServedAccounts,
    audit::Audit,
    credential::Verifier,
    database::Database,
    http, log,
    operations::{self, traces::Traces},
    password_grant::PasswordGrants,
    running::{Background, Running, Signals, answer_limit, until_signal},
    server::Server,
    stdio::{self, Backend, Gateway, Local},
};
use first_token::{First, Introduced, LOCAL, Place};
use options::{Do, HttpOptions, Particular};
pub use program::Program;
use settings::{Offered, Settings};
pub use tools::aligned;

/// What a server's own code is given when it starts.
#[derive(Debug)]
#[non_exhaustive]
pub struct Context<A> {
    /// The server's own options.
    pub args: A,
    /// Cancelled when the server shuts down, after the calls in flight are answered.
    pub shutdown: CancellationToken,
    /// The id of the account that this start has made, where calls are about accounts and the database was
    /// empty: what a newcomer sees first. A start that failed is made up for, so that there can be data in it.
    pub first_account: Option<String>,
    /// Tells whether an account is still served, for work that the server does by itself.
    pub accounts: ServedAccounts,
    /// What is kept back from results, errors and the log: tell it the secrets that your code reads.
    pub secrets: Secrets,
    upstream: Option<Upstream>,
    is_private: bool,
    introduced: Introduced,
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the settings take anything"))]
    offered: Offered,
    tasks: TaskTracker,
    broken: CancellationToken,
}

impl<A> Context<A> {
    /// Runs background work. When the server shuts down it waits for it, but not for long: end
    /// soon after [`Self::shutdown`] is cancelled.
    ///
    /// Work that panics is not begun again: what it had in its hands can be half done. From then on `/healthz` and
    /// `/readyz` say so, for whatever starts the process again.
    pub fn spawn<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let broken = self.broken.clone();
        self.tasks.spawn(async move {
            if let Err(error) = tokio::spawn(work).await
                && error.is_panic()
            {
                tracing::error!(%error, "background work has panicked and does not go on: start the server again");
                broken.cancel();
            }
        });
    }

    /// The API that the server forwards to.
    ///
    /// # Errors
    /// When the manifest declares none: credentials are checked otherwise than by `verify: upstream`.
    pub fn upstream(&self) -> anyhow::Result<Upstream> {
        self.upstream.clone().context("the manifest declares no upstream")
    }

    /// Whether a first credential can be shown ([`Self::introduce`]) to whoever started the program, and to
    /// nobody else: the server listens on this machine only, or serves one client over stdio.
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// Has the start print a credential once, with what connects a client: the first one, which the server's own
    /// code has just made at the API that it forwards to.
    pub fn introduce(&self, credential: &str) {
        self.introduced.set(credential);
    }

    /// Gives the settings a page for keys of other services, which the server's own code stores for people. Only a
    /// server with `verify: tokens` has settings.
    #[cfg(feature = "console")]
    pub fn store_keys(&self, keys: impl crate::StoredKeys) {
        self.offered.keys(Arc::new(keys));
    }
}

/// Runs a server: a [`Program`] without commands of its own.
pub fn serve<A, F>(spec: &'static ServerSpec, setup: F) -> ExitCode
where
    A: Args,
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    Program::new(spec, setup).run()
}

async fn run<A, F>(
    spec: &'static ServerSpec,
    command: Do<A>,
    particular: Particular,
    mut settings: Settings,
    setup: F,
) -> anyhow::Result<()>
where
    A: Args,
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let Particular { database, account, identity } = particular;
    match command {
        Do::Serve(options) => {
            settings.identify(spec, identity.as_ref())?;
            let secrets = Secrets::of(spec);
            log::start(options.log.log_format, &secrets);
            let endpoint = options.http.public_url.as_deref().unwrap_or(spec.endpoint);
            let opened = Opened::new(spec, database.as_deref(), endpoint, &secrets).await?;
            serve_http(spec, &options.http, opened, settings, secrets, options.own, setup).await
        }
        Do::Stdio(options) => {
            let secrets = Secrets::of(spec);
            log::start(options.log.log_format, &secrets);
            if let Some(gateway) = Gateway::from_environment(spec, account.as_deref())? {
                return forward(gateway).await;
            }
            let opened = Opened::new(spec, database.as_deref(), spec.endpoint, &secrets).await?;
            serve_stdio(spec, opened, account, secrets, options.own, setup).await
        }
        Do::Tools => print(&tools::table(spec)),
        Do::Snippet(options) => snippet::run(spec, &options, account.as_deref()),
    }
}

/// Writes to standard output, and survives a reader who has seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

/// What a start has opened before anything else.
struct Opened {
    /// Where everything is that the server keeps, of one that keeps something.
    database: Option<Database>,
    verifier: Verifier,
}

impl Opened {
    async fn new(
        spec: &'static ServerSpec,
        url: Option<&str>,
        endpoint: &str,
        secrets: &Secrets,
    ) -> anyhow::Result<Self> {
        // A server that keeps nothing has no such option.
        let database = match url {
            Some(url) => Some(Database::open(url).await?),
            None => None,
        };
        let verifier = Verifier::new(spec, database.as_ref(), endpoint, secrets)?;
        // What else is kept there is not remembered.
        if let (Some(database), Verifier::Tokens(_)) = (&database, &verifier) {
            database.listen();
        }
        Ok(Self { database, verifier })
    }
}

/// What a start tells the server's own code.
struct Start {
    first_account: Option<String>,
    /// Whether nobody else can reach the server.
    is_private: bool,
    introduced: Introduced,
    offered: Offered,
}

async fn start<A, F>(
    spec: &'static ServerSpec,
    opened: Opened,
    begun: Start,
    secrets: Secrets,
    args: A,
    setup: F,
) -> anyhow::Result<Running>
where
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let Opened { database, verifier } = opened;
    let (handlers, background) = make(spec, &verifier, begun, secrets.clone(), args, setup).await?;
    let traces = Traces::start(spec, &secrets)?;
    let audit = spec.audit.zip(database.as_ref()).map(|(declared, database)| Audit::start(declared, database));
    Ok(Running::new(Server::new(spec, verifier, secrets, handlers, audit)?, background, database, traces))
}

/// The handlers, with what goes on beside them.
async fn make<A, F>(
    spec: &'static ServerSpec,
    verifier: &Verifier,
    begun: Start,
    secrets: Secrets,
    args: A,
    setup: F,
) -> anyhow::Result<(Handlers, Background)>
where
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let background = Background::default();
    let Start { first_account, is_private, introduced, offered } = begun;
    let upstream = match verifier {
        Verifier::Tokens(_) | Verifier::OAuth(_) => None,
        Verifier::Upstream(upstream) => Some(upstream.clone()),
    };
    let context = Context {
        args,
        shutdown: background.shutdown.clone(),
        first_account,
        accounts: ServedAccounts::new(spec, verifier.accounts().cloned()),
        secrets,
        upstream: upstream.clone(),
        is_private,
        introduced,
        offered,
        tasks: background.tasks.clone(),
        broken: background.broken.clone(),
    };
    let handlers = setup(context).await?;
    upstream.map_or(Ok(()), |upstream| upstream.settle())?;
    Ok((handlers, background))
}

async fn serve_http<A, F>(
    spec: &'static ServerSpec,
    options: &HttpOptions,
    opened: Opened,
    settings: Settings,
    secrets: Secrets,
    args: A,
    setup: F,
) -> anyhow::Result<()>
where
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    let public = options.public_url.as_deref();
    let names: Vec<&str> = public.into_iter().chain(options::declared_url(spec)).collect();
    let trusted = |address| http::Trusted::new(address, &names, &options.allow_host, &options.allow_origin);
    let operations = match options.operations_listen {
        Some(address) => Some((operations::listen(address).await?, trusted(address)?)),
        None => None,
    };
    let trusted = Arc::new(trusted(address)?);
    let url = format!("http://{address}{}", spec.route);

    if spec.credential.password_grant().is_some()
        && address.ip().is_loopback()
        && public.is_some()
        && !options.behind_proxy
    {
        tracing::warn!(
            "the server has a public URL and listens on this machine only: where a proxy stands before it, start it with \
             --behind-proxy, or wrong passwords of one user keep all others from signing in"
        );
    }
    let (password_grants, first) = match &opened.verifier {
        Verifier::Tokens(tokens) => (
            PasswordGrants::new(spec, tokens.database(), options.behind_proxy),
            first_token::account(spec, tokens, address).await?,
        ),
        Verifier::Upstream(_) | Verifier::OAuth(_) => (None, None),
    };
    let introduced = Introduced::default();
    let begun = Start {
        first_account: first.as_ref().map(First::account),
        is_private: address.ip().is_loopback(),
        introduced: introduced.clone(),
        offered: settings.offered.clone(),
    };
    let running = start(spec, opened, begun, secrets, args, setup).await?;
    let server = running.server();
    let place = Place { address, url: public.unwrap_or(&url) };
    match &server.verifier {
        Verifier::Tokens(tokens) => {
            first_token::welcome(spec, tokens, first.as_ref(), place, server.audit()).await?;
            let subject =
                if spec.account().is_some() { first.as_ref().map(First::user) } else { Some(LOCAL.to_owned()) };
            settings.welcome(spec, tokens, subject.as_deref(), public, place).await?;
        }
        Verifier::Upstream(_) => introduced.show(spec, Some(place)),
        Verifier::OAuth(_) => {}
    }
    let ended = CancellationToken::new();
    let operations = operations.map(|(listener, trusted)| {
        tokio::spawn(operations::answer(listener, trusted, Arc::clone(&server), ended.clone()))
    });
    server.health.watch(&server, &ended).await;
    server.health.lose_background(running.broken(), &ended);
    let signals = Signals::listen()?;
    let settings = settings.routes(&server, &trusted, public, place)?;
    let routes = http::routes(Arc::clone(&server), trusted, password_grants).merge(settings);
    let routes = operations::with_probes(routes, &server.health);
    server.health.begin();
    tracing::info!(public, "listening on {url}");
    let drain = Duration::from_secs(options.drain_seconds);
    let stop = async {
        signals.until_drained(&server.health, drain).await;
        server.changes.close();
    };
    http::serve(listener, routes, &server.metrics.connections(), stop, running.grace()).await;
    running.finish().await;
    ended.cancel();
    if let Some(operations) = operations {
        // It has nothing to say any more.
        let _ = operations.await;
    }
    Ok(())
}

async fn serve_stdio<A, F>(
    spec: &'static ServerSpec,
    opened: Opened,
    account: Option<String>,
    secrets: Secrets,
    args: A,
    setup: F,
) -> anyhow::Result<()>
where
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    if let Verifier::Tokens(tokens) = &opened.verifier {
        first_token::remind(spec, tokens).await?;
    }
    let introduced = Introduced::default();
    let begun =
        Start { first_account: None, is_private: true, introduced: introduced.clone(), offered: Offered::default() };
    let running = start(spec, opened, begun, secrets, args, setup).await?;
    introduced.show(spec, None);
    let stop = until_signal()?;
    let backend = Backend::Local(Local::new(running.server(), account));
    stdio::serve(backend, tokio::io::stdin(), tokio::io::stdout(), stop, running.grace()).await;
    running.finish().await;
    Ok(())
}

/// Has another server answer, so that this process needs no database and no handlers.
async fn forward(gateway: Gateway) -> anyhow::Result<()> {
    let stop = until_signal()?;
    let grace = answer_limit(gateway.spec());
    tracing::info!("forwarding to {}", gateway.endpoint());
    stdio::serve(Backend::Gateway(Box::new(gateway)), tokio::io::stdin(), tokio::io::stdout(), stop, grace).await;
    Ok(())
}
