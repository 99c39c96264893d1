//! A server's program: the runtime's commands, and beside them the server's own.

use std::{collections::HashSet, fmt, marker::PhantomData, pin::Pin, process::ExitCode};

use anyhow::{Context as _, ensure};
use clap::{ArgMatches, Args, Command, CommandFactory as _, FromArgMatches as _, Subcommand};
use tokio::runtime::Runtime;

#[cfg(feature = "console")]
use super::settings::{self, SettingsCommand};
use super::{
    Context,
    accounts::{self, AccountsCommand},
    audit::{self, AuditCommand},
    contract::{self, ContractCommand},
    options::{self, CommandLine, Do, Particular, TokensCommand},
    settings::Settings,
    token,
};
use crate::{Handlers, ServerSpec, spec::VerifySpec};

/// A server's program, with its command line: what [`serve`](crate::serve) runs, and commands of
/// the server's own, which stand beside the runtime's.
///
/// ```text
/// #[derive(clap::Subcommand)]
/// enum Command {
///     /// Make, list and revoke the keys of accounts.
///     #[command(subcommand)]
///     Keys(KeysCommand),
/// }
///
/// fn main() -> std::process::ExitCode {
///     Program::new(&acme_tools::SERVER, setup)
///         .commands(async |command: Command| match command {
///             Command::Keys(command) => keys::run(command).await,
///         })
///         .run()
/// }
/// ```
#[must_use = "a program does nothing until it is run"]
pub struct Program<A, F> {
    spec: &'static ServerSpec,
    setup: F,
    own: Vec<OwnCommands>,
    settings: Settings,
    args: PhantomData<fn() -> A>,
}

/// Commands of the server's own.
struct OwnCommands {
    /// Adds them to others.
    augment: fn(Command) -> Command,
    run: Box<Run>,
}

/// Starts the command that was asked for.
type Run = dyn FnOnce(&ArgMatches) -> Result<Running, clap::Error>;

/// A command that runs.
type Running = Pin<Box<dyn Future<Output = anyhow::Result<()>>>>;

impl<A, F> Program<A, F>
where
    A: Args,
    F: AsyncFnOnce(Context<A>) -> anyhow::Result<Handlers>,
{
    /// A program with the runtime's commands. `setup` makes the handlers; it runs for the commands
    /// that serve, before the first request.
    ///
    /// The options of `A` join those of `serve` and `stdio`. The runtime's own options can also be
    /// set in the environment: those of a server `acme` are `ACME_LISTEN`, `ACME_DATABASE` and so on.
    pub fn new(spec: &'static ServerSpec, setup: F) -> Self {
        Self { spec, setup, own: Vec::new(), settings: Settings::default(), args: PhantomData }
    }

    /// Adds commands of the server's own. `run` is given the one that was asked for; `setup` does not
    /// run. An error is printed with its causes and ends the program with the exit code 1.
    ///
    /// Their options are their own, and read no environment variable that they do not name. No log
    /// is started: what `run` has to say it prints, what is asked for on standard output, all else
    /// on standard error.
    ///
    /// A command cannot have the name of one that the runtime has; the program then says so and
    /// does nothing.
    pub fn commands<C, G>(mut self, run: G) -> Self
    where
        C: Subcommand + 'static,
        G: AsyncFnOnce(C) -> anyhow::Result<()> + 'static,
    {
        let run = Box::new(|matches: &ArgMatches| -> Result<Running, clap::Error> {
            let command = C::from_arg_matches(matches)?;
            Ok(Box::pin(async move { run(command).await }))
        });
        self.own.push(OwnCommands { augment: C::augment_subcommands, run });
        self
    }

    /// Has a sign-in of the team's own say who opens the settings pages, in the place of one-time links. Only a
    /// server with `verify: tokens` has such pages.
    #[cfg(feature = "console")]
    pub fn sign_in(mut self, sign_in: impl crate::SignIn) -> Self {
        self.settings.sign_in = Some(std::sync::Arc::new(sign_in));
        self
    }

    /// Parses the command line and does what it says.
    pub fn run(self) -> ExitCode {
        let name = self.spec.name;
        match self.try_run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{name}: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn try_run(self) -> anyhow::Result<()> {
        let Self { spec, setup, own, settings, args: _ } = self;
        let mut command = options::named_for::<A>(CommandLine::<A>::command(), spec);
        let mut runs = Vec::new();
        for OwnCommands { augment, run } in own {
            let commands = own_commands(&command, augment)?;
            runs.push((commands.iter().map(|own| own.get_name().to_owned()).collect::<Vec<_>>(), run));
            command = command.subcommands(commands);
        }
        let matches = command.get_matches();
        let is_asked = |names: &[String]| names.iter().any(|name| Some(name.as_str()) == matches.subcommand_name());
        if let Some((_, run)) = runs.into_iter().find(|(names, _)| is_asked(names)) {
            let running = run(&matches).unwrap_or_else(|error| error.exit());
            return block_on(running);
        }
        if spec.account().is_some()
            && matches.subcommand_name().is_some_and(|name| AccountsCommand::NAMES.contains(&name))
        {
            let command = AccountsCommand::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            return block_on(accounts::run(spec, command));
        }
        if let VerifySpec::Tokens(declared) = &spec.credential.verify
            && matches.subcommand_name() == Some(TokensCommand::NAME)
        {
            let TokensCommand::Token(command) =
                TokensCommand::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            return block_on(token::run(spec, declared, command));
        }
        #[cfg(feature = "console")]
        if matches!(spec.credential.verify, VerifySpec::Tokens(_))
            && matches.subcommand_name().is_some_and(|name| SettingsCommand::NAMES.contains(&name))
        {
            let command = SettingsCommand::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            return block_on(settings::run(spec, command));
        }
        if spec.audit.is_some() && matches.subcommand_name() == Some(AuditCommand::NAME) {
            let AuditCommand::Audit(options) =
                AuditCommand::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            return block_on(audit::run(spec, options));
        }
        if matches!(spec.credential.verify, VerifySpec::Upstream(_))
            && matches.subcommand_name() == Some(ContractCommand::<A>::NAME)
        {
            let ContractCommand::Contract(options) =
                ContractCommand::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            return block_on(contract::run(spec, options, setup));
        }
        let particular = Particular::of(&matches);
        let command = match CommandLine::from_arg_matches(&matches) {
            Ok(CommandLine { command: Some(command), .. }) => command,
            Ok(CommandLine { command: None, serve }) => Do::Serve(serve),
            Err(error) => error.exit(),
        };
        block_on(super::run(spec, command, particular, settings, setup))
    }
}

impl<A, F> fmt::Debug for Program<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("server", &self.spec.name).finish_non_exhaustive()
    }
}

/// The commands that stand beside those of `command`, each with a name that no other one has. What
/// else is said of them, as in a doc comment of their type, would be taken for the program's.
fn own_commands(command: &Command, augment: fn(Command) -> Command) -> anyhow::Result<Vec<Command>> {
    let names = |command: &Command| {
        let aliases = command.get_all_aliases().map(str::to_owned);
        aliases.chain([command.get_name().to_owned()]).collect::<Vec<_>>()
    };
    let mut taken: HashSet<String> = command.get_subcommands().flat_map(names).collect();
    // The parser has this one.
    taken.insert("help".to_owned());
    // With those before them, so that they are shown after them.
    let all = augment(command.clone());
    let own: Vec<Command> = all.get_subcommands().skip(command.get_subcommands().count()).cloned().collect();
    for name in own.iter().flat_map(names) {
        ensure!(!taken.contains(&name), "there is a command `{name}` already; call the server's own another name");
        taken.insert(name);
    }
    Ok(own)
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = Runtime::new().context("cannot start the asynchronous runtime")?;
    let done = runtime.block_on(work);
    // Standard input is read in a thread that nothing can interrupt.
    runtime.shutdown_background();
    done
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::own_commands;
    use crate::cli::options::CommandLine;

    #[test]
    fn a_command_has_a_name_of_its_own() {
        type Augment = fn(Command) -> Command;
        let cases: [(Augment, Option<&str>); 5] = [
            (|all| all.subcommand(Command::new("keys")).subcommand(Command::new("accounts")), None),
            (|all| all.subcommand(Command::new("tools")), Some("tools")),
            (|all| all.subcommand(Command::new("keys")).subcommand(Command::new("help")), Some("help")),
            (|all| all.subcommand(Command::new("keys").alias("stdio")), Some("stdio")),
            (|all| all.subcommand(Command::new("keys")).subcommand(Command::new("keys")), Some("keys")),
        ];
        for (augment, collision) in cases {
            let said = own_commands(&CommandLine::<()>::command(), augment).err().map(|error| error.to_string());
            let expected = collision
                .map(|name| format!("there is a command `{name}` already; call the server's own another name"));
            assert_eq!(said, expected);
        }
    }
}
