//! The command line that every server has.

mod accounts;
mod first_token;
mod options;
mod password;
mod program;
mod token;
mod tools;

use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Handlers, Secrets, ServerSpec,
    account::{Accounts, ServedAccounts},
    credential::{Tokens, Verifier},
    database::Database,
    http, log,
    password_grant::PasswordGrants,
    running::{Running, answer_limit, until_signal},
    server::Server,
    stdio::{self, Backend, Gateway, Local},
};
use first_token::First;
use options::{Do, HttpOptions};
pub use program::Program;
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
    tasks: TaskTracker,
}

impl<A> Context<A> {
    /// Runs background work. When the server shuts down it waits for it, but not for long: end
    /// soon after [`Self::shutdown`] is cancelled.
    pub fn spawn<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(work);
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

async fn run<A, F>(spec: &'static ServerSpec, command: Do<A>, account: Option<String>, setup: F) -> anyhow::Result<()>
where
    A: Args,
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    match command {
        Do::Serve(options) => {
            let secrets = Secrets::new(spec.redact);
            log::start(options.log.log_format, &secrets);
            let database = Database::open(&options.database.database).await?;
            serve_http(spec, &options.http, database, secrets, options.own, setup).await
        }
        Do::Stdio(options) => {
            let secrets = Secrets::new(spec.redact);
            log::start(options.log.log_format, &secrets);
            if let Some(gateway) = Gateway::from_environment(spec, account.as_deref())? {
                return forward(gateway).await;
            }
            let database = Database::open(&options.database.database).await?;
            serve_stdio(spec, database, account, secrets, options.own, setup).await
        }
        Do::Token(command) => token::run(spec, command).await,
        Do::Tools => print(&tools::table(spec)),
    }
}

/// Writes to standard output, and survives a reader who has seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

/// The runtime's own stores.
struct Stores {
    database: Database,
    tokens: Tokens,
    accounts: Accounts,
}

impl Stores {
    fn new(spec: &'static ServerSpec, database: Database) -> Self {
        Self { tokens: Tokens::new(spec, &database), accounts: Accounts::new(&database), database }
    }
}

async fn start<A, F>(
    spec: &'static ServerSpec,
    stores: Stores,
    first_account: Option<String>,
    secrets: Secrets,
    args: A,
    setup: F,
) -> anyhow::Result<Running>
where
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let shutdown = CancellationToken::new();
    let tasks = TaskTracker::new();
    let context = Context {
        args,
        shutdown: shutdown.clone(),
        first_account,
        accounts: ServedAccounts::new(spec, stores.accounts.clone()),
        secrets: secrets.clone(),
        tasks: tasks.clone(),
    };
    let handlers = setup(context).await?;
    let Stores { database, tokens, accounts } = stores;
    let server = Server::new(spec, Verifier::Tokens(tokens), accounts, secrets, handlers)?;
    Ok(Running::new(server, database, shutdown, tasks))
}

async fn serve_http<A, F>(
    spec: &'static ServerSpec,
    options: &HttpOptions,
    database: Database,
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
    let trusted = http::Trusted::new(address, &names, &options.allow_host, &options.allow_origin)?;
    let url = format!("http://{address}{}", spec.route);

    if spec.credential.password_grant.is_some()
        && address.ip().is_loopback()
        && public.is_some()
        && !options.behind_proxy
    {
        tracing::warn!(
            "the server has a public URL and listens on this machine only: where a proxy stands before it, start it with \
             --behind-proxy, or wrong passwords of one user keep all others from signing in"
        );
    }
    let password_grants = PasswordGrants::new(spec, &database, options.behind_proxy);
    let stores = Stores::new(spec, database);
    let first = first_token::account(spec, &stores.tokens, &stores.accounts, address).await?;
    let first_account = first.as_ref().map(First::account);
    let running = start(spec, stores, first_account, secrets, args, setup).await?;
    let server = running.server();
    let Verifier::Tokens(tokens) = &server.verifier;
    first_token::welcome(spec, tokens, first.as_ref(), address, public.unwrap_or(&url)).await?;
    let stop = until_signal()?;
    tracing::info!(public, "listening on {url}");
    let routes = http::routes(Arc::clone(&server), trusted, password_grants);
    http::serve(listener, routes, stop, running.grace()).await;
    running.finish().await;
    Ok(())
}

async fn serve_stdio<A, F>(
    spec: &'static ServerSpec,
    database: Database,
    account: Option<String>,
    secrets: Secrets,
    args: A,
    setup: F,
) -> anyhow::Result<()>
where
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    let stores = Stores::new(spec, database);
    first_token::remind(spec, &stores.tokens).await?;
    let running = start(spec, stores, None, secrets, args, setup).await?;
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
