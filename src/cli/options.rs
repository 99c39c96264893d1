//! The options, and their names as environment variables.

use std::{net::SocketAddr, time::Duration};

use clap::{
    Arg, ArgMatches, Args, Command, Parser, Subcommand,
    builder::{PossibleValuesParser, Resettable},
};
use toolwright_core::{
    ClientKind,
    client::Format,
    environment::{ACCOUNT, OPTIONS, option_env},
};

#[cfg(feature = "console")]
use super::settings::SettingsCommand;
use super::{
    accounts::AccountsCommand, audit::AuditCommand, contract::ContractCommand, first_token::LOCAL,
    settings::IdentityOptions, tools::aligned,
};
use crate::{
    ServerSpec,
    account::AccountName,
    credential::lifetime,
    log::LogFormat,
    spec::{AccountSpec, BindingSpec, IssuerSpec, UpstreamSpec, VerifySpec},
};

/// The option of [`DatabaseOption`], as the parser calls it.
const DATABASE: &str = "database";

/// `serve` is what a server does when it is told nothing else.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CommandLine<A: Args> {
    #[command(subcommand)]
    pub(super) command: Option<Do<A>>,
    #[command(flatten)]
    pub(super) serve: ServeOptions<A>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Do<A: Args> {
    /// Serve over HTTP; this is the default.
    Serve(ServeOptions<A>),
    /// Serve one client over standard input and output.
    Stdio(StdioOptions<A>),
    /// Print the tools and the prompts, with what they need.
    Tools,
    /// Print what a client has to be told to connect. It says where the credential is, and holds none.
    Snippet(SnippetOptions),
}

#[derive(Debug, Args)]
pub(super) struct ServeOptions<A: Args> {
    #[command(flatten)]
    pub(super) http: HttpOptions,
    #[command(flatten)]
    pub(super) log: LogOption,
    #[command(flatten)]
    pub(super) own: A,
}

#[derive(Debug, Args)]
pub(super) struct StdioOptions<A: Args> {
    #[command(flatten)]
    pub(super) log: LogOption,
    #[command(flatten)]
    pub(super) own: A,
}

#[derive(Debug, Args)]
pub(super) struct HttpOptions {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// URL under which clients reach the endpoint, when it is not the address itself
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Another `Host` to answer to, with or without a port
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub(super) allow_host: Vec<String>,
    /// The origin of web pages that may use the server, such as https://app.example.com
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(super) allow_origin: Vec<String>,
    /// Clients come through a proxy, so that the address that connects tells nothing of them: count wrong passwords by user only
    #[arg(long)]
    pub(super) behind_proxy: bool,
    /// Another address, for whoever runs the server: /metrics, /healthz and /readyz with what is wrong
    #[arg(long, value_name = "ADDRESS")]
    pub(super) operations_listen: Option<SocketAddr>,
    /// How long to go on after SIGTERM while /readyz says that the server is not ready, until balancers have seen it
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = clap::value_parser!(u64).range(..=3600))]
    pub(super) drain_seconds: u64,
}

#[derive(Debug, Args)]
pub(super) struct DatabaseOption {
    /// Where the server's own data is stored: `sqlite:` and a path, or postgres://USER@HOST/DATABASE, which several instances can share
    #[arg(long, value_name = "URL")]
    pub(super) database: String,
}

#[derive(Debug, Args)]
pub(super) struct LogOption {
    /// How the log is written to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
}

/// The commands that a server with tokens of its own has.
#[derive(Debug, Subcommand)]
pub(super) enum TokensCommand {
    /// Make, list and revoke the tokens that callers present.
    #[command(subcommand)]
    Token(TokenCommand),
}

impl TokensCommand {
    /// Its name.
    pub(super) const NAME: &str = "token";
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, once, alone on standard output.
    Create(CreateOptions),
    /// List the tokens that were made.
    List(ListOptions),
    /// Make a token useless: from the next request on, and for other instances within a second.
    Revoke {
        /// Name or id of the token
        #[arg(value_name = "NAME-OR-ID")]
        token: String,
        #[command(flatten)]
        database: DatabaseOption,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListOptions {
    /// List those that programs got for a password, instead of those with a name
    #[arg(long)]
    pub(super) grants: bool,
    #[command(flatten)]
    pub(super) database: DatabaseOption,
}

#[derive(Debug, Args)]
pub(super) struct SnippetOptions {
    /// Which client
    #[arg(value_name = "CLIENT")]
    pub(super) client: String,
    /// What the client shall call the server: another name for each credential
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The environment variable that holds the credential; without it, one that goes with the name
    #[arg(long, value_name = "VARIABLE")]
    pub(super) env: Option<String>,
    /// URL of the endpoint, when it is not the public one
    #[arg(long)]
    pub(super) url: Option<String>,
    /// How it is written, where the client takes several forms
    #[arg(long, value_parser = PossibleValuesParser::new(Format::ALL.map(Format::extension)))]
    pub(super) format: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CreateOptions {
    /// What to call the token
    #[arg(long)]
    pub(super) name: String,
    /// A scope to grant; may be repeated. Without any, the token is good for what needs none
    #[arg(long = "scope", value_name = "SCOPE", num_args = 1..)]
    pub(super) scopes: Vec<String>,
    /// How long the token lives: a number of s, m, h, d, w or y
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub(super) expires: Option<Duration>,
    /// Whose data the token reaches
    #[arg(long, value_name = "NAME", default_value = LOCAL)]
    pub(super) subject: String,
    #[command(flatten)]
    pub(super) database: DatabaseOption,
}

/// The command with the server's name, and with its options as environment variables.
pub(super) fn named_for<A: Args>(command: Command, spec: &ServerSpec) -> Command {
    let command = match &spec.credential.verify {
        VerifySpec::Tokens(_) => with_tokens(command),
        VerifySpec::Upstream(_) => ContractCommand::<A>::augment_subcommands(command),
        VerifySpec::Jwt(_) | VerifySpec::Introspection(_) => command,
    };
    let command = if spec.audit.is_some() { AuditCommand::augment_subcommands(command) } else { command };
    let command = if spec.keeps_anything() { with_database(command) } else { command };
    let command = match spec.account() {
        Some((binding, account)) => with_accounts(command, spec, binding, account),
        None => command,
    };
    let clients = PossibleValuesParser::new(spec.clients.iter().copied().map(ClientKind::as_str));
    let command =
        command.mut_subcommand("snippet", |snippet| snippet.mut_arg("client", |client| client.value_parser(clients)));
    let command = command.name(spec.name).bin_name(spec.name).version(spec.version).about(spec.description);
    let variables = verifier_variables(spec);
    let command = if variables.is_empty() {
        command
    } else {
        let environment = environment(&variables);
        command.mut_subcommand("serve", |serve| serve.after_help(environment.clone())).after_help(environment)
    };
    with_environment(command, spec).mut_subcommand("stdio", |stdio| stdio.after_help(stdio_environment(spec)))
}

/// What a server has that keeps tokens: commands for them, and for who signs in.
fn with_tokens(command: Command) -> Command {
    let command = TokensCommand::augment_subcommands(command);
    #[cfg(feature = "console")]
    let command = SettingsCommand::augment_subcommands(IdentityOptions::augment_args(command))
        .mut_subcommand("serve", IdentityOptions::augment_args);
    command
}

/// What a server has that keeps tokens or records.
fn with_database(command: Command) -> Command {
    DatabaseOption::augment_args(command)
        .mut_subcommand("serve", DatabaseOption::augment_args)
        .mut_subcommand("stdio", DatabaseOption::augment_args)
}

/// What a server has whose calls are about accounts: commands for them, tokens of users, and over stdio
/// an option that says which account is meant.
fn with_accounts(command: Command, spec: &ServerSpec, binding: &BindingSpec, account: &AccountSpec) -> Command {
    let asks_for_passwords = spec.credential.password_grant().is_some();
    let told = Arg::new(ACCOUNT)
        .long(ACCOUNT)
        .value_name("ACCOUNT")
        .value_parser(account_name)
        .help(format!("What calls are about, instead of {}", account.placeholder));
    let account = Arg::new(ACCOUNT)
        .long(ACCOUNT)
        .value_name("ACCOUNT")
        .env(option_env(spec.name, ACCOUNT).leak() as &'static str)
        .value_parser(account_name)
        .help(format!("What calls are about: {}", binding.description))
        .long_help(format!(
            "What calls are about: {} Without it, that is the only one that the user is a member of",
            binding.description
        ));
    let user = |subject: Arg, whose: &str| {
        subject
            .long("user")
            .value_name("EMAIL")
            .help(format!("{whose}: the email address of a user"))
            .default_value(Resettable::Reset)
            .required(true)
    };
    #[cfg(feature = "console")]
    let command = SettingsCommand::NAMES.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |settings| {
            settings.mut_arg("subject", |subject| user(subject, "Whose settings it is"))
        })
    });
    AccountsCommand::augment_subcommands(command)
        .mut_subcommand("token", |token| {
            token.mut_subcommand("create", |create| {
                create.mut_arg("subject", |subject| user(subject, "Whose token it is"))
            })
        })
        .mut_subcommand("user", |users| users.mut_subcommand("password", |password| password.hide(!asks_for_passwords)))
        .mut_subcommand("snippet", |snippet| snippet.arg(told))
        .mut_subcommand("stdio", |stdio| stdio.arg(account))
}

fn account_name(text: &str) -> Result<String, &'static str> {
    let is_name = text.is_empty() || AccountName::parse(text).is_some();
    is_name.then(|| text.to_owned()).ok_or("write an id or a subdomain")
}

/// What the command line and the environment say by options that only some servers have.
#[derive(Debug, Default)]
pub(super) struct Particular {
    /// Where the server's own data is.
    pub(super) database: Option<String>,
    /// Which account calls over stdio are about, or those of a client that is told how to connect.
    pub(super) account: Option<String>,
    /// Who says who opens the settings.
    pub(super) identity: Option<IdentityOptions>,
}

impl Particular {
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
        // A command without the option knows no such id.
        let option = |id: &str| matches.try_get_one::<String>(id).ok().flatten().cloned();
        Self {
            database: option(DATABASE),
            account: option(ACCOUNT).filter(|account| !account.is_empty()),
            identity: IdentityOptions::of(matches),
        }
    }
}

/// The variables that are no options, since the one is a secret and the other changes what the command
/// is: a client's configuration sets them.
fn stdio_environment(spec: &ServerSpec) -> String {
    let credential = (spec.credential.env, format!("The {} of the client", spec.credential.name));
    let gateway = spec.gateway.map(|gateway| {
        let path = spec.path;
        (gateway.env, format!("Address, without {path}, of a running server to forward to instead of serving"))
    });
    let rows: Vec<_> = [credential].into_iter().chain(gateway).chain(verifier_variables(spec)).collect();
    environment(&rows)
}

/// The variables that say where the API is that a server forwards to, or the issuer whose tokens it takes.
fn verifier_variables(spec: &ServerSpec) -> Vec<(&'static str, String)> {
    let issuer = |issuer: &IssuerSpec| {
        (issuer.env, format!("The OAuth issuer that clients sign in at, instead of {}", issuer.url))
    };
    match &spec.credential.verify {
        VerifySpec::Tokens(_) => Vec::new(),
        VerifySpec::Upstream(UpstreamSpec { env, origin, .. }) => {
            vec![(*env, format!("Where the API is that calls are forwarded to, instead of {origin}"))]
        }
        VerifySpec::Jwt(jwt) => vec![issuer(jwt.issuer)],
        VerifySpec::Introspection(introspection) => vec![
            issuer(introspection.issuer),
            (introspection.client_id_env, "The name that the server has at the issuer".to_owned()),
            (introspection.client_secret_env, "Its secret there".to_owned()),
        ],
    }
}

fn environment(rows: &[(&str, String)]) -> String {
    let rows: Vec<_> = rows.iter().map(|(env, meaning)| [format!("  {env}"), meaning.clone()]).collect();
    format!("Environment:\n{}", aligned(&rows).trim_end())
}

fn with_environment(command: Command, spec: &ServerSpec) -> Command {
    // The parser keeps names for as long as the program runs; there is one set of them.
    let named = command.mut_args(|argument| {
        let id = argument.get_id().as_str();
        if !OPTIONS.contains(&id) {
            return argument;
        }
        let variable: &'static str = option_env(spec.name, id).leak();
        if id == DATABASE {
            let file: &'static str = format!("sqlite:data/{}.db", spec.name).leak();
            // The URL can hold a password.
            return argument.env(variable).hide_env_values(true).default_value(file).required(false);
        }
        if id == "behind_proxy" && spec.credential.password_grant().is_none() {
            return argument.hide(true);
        }
        argument.env(variable)
    });
    named.mut_subcommands(|subcommand| with_environment(subcommand, spec))
}

/// The declared endpoint, whose host is one of the server's names.
pub(super) fn declared_url(spec: &ServerSpec) -> Option<&'static str> {
    url::Url::parse(spec.endpoint).is_ok().then_some(spec.endpoint)
}
