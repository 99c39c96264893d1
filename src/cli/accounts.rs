//! `account …` and `user …`: who belongs where, on servers whose calls are about accounts.

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::{Args, Subcommand};

use super::{options::DatabaseOption, password, print, token::time, tools::aligned};
use crate::{
    ServerSpec,
    account::{AccountName, AccountRecord, Accounts, CreateError, UserRecord, check_subdomain},
    credential::is_printable,
    database::Database,
    nearest::nearest,
};

/// The largest id that can be given: programs that read JSON into floating-point numbers hold it.
const LARGEST_ID: i64 = 1 << 53;

/// How long an email address can be (RFC 5321, section 4.5.3.1).
const LONGEST_EMAIL: usize = 254;

const NO_ANSWER: &str = "the database does not answer";

/// The commands that only such servers have.
#[derive(Debug, Subcommand)]
pub(super) enum AccountsCommand {
    /// Make, list, change and delete the accounts that calls are about.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Make, list and delete the users to whom tokens belong.
    #[command(subcommand)]
    User(UserCommand),
}

impl AccountsCommand {
    /// Their names.
    pub(super) const NAMES: [&str; 2] = ["account", "user"];
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Make an account, and print its id alone on standard output.
    Create(AccountOptions),
    /// List the accounts, with their members and what is enabled for them.
    List(DatabaseOption),
    /// Enable something for an account, from the next request on.
    Enable(FlagOptions),
    /// Disable something for an account: from the next request on, and for other instances within a second.
    Disable(FlagOptions),
    /// Let a user's tokens reach an account.
    AddMember(MemberOptions),
    /// Keep a user's tokens from an account: from the next request on, and for other instances within a second.
    RemoveMember(MemberOptions),
    /// Delete an account that has no members any more. Its id is never given again.
    Delete {
        /// Id or subdomain of the account
        account: String,
        #[command(flatten)]
        database: DatabaseOption,
    },
}

#[derive(Debug, Args)]
pub(super) struct AccountOptions {
    /// What URLs can call the account: letters, digits and hyphens
    #[arg(long)]
    subdomain: String,
    /// Its name for people
    #[arg(long)]
    name: String,
    /// Its number, which no other account ever had; without it, the next one
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=LARGEST_ID))]
    id: Option<i64>,
    #[command(flatten)]
    database: DatabaseOption,
}

#[derive(Debug, Args)]
pub(super) struct FlagOptions {
    /// Id or subdomain of the account
    account: String,
    /// What is enabled or disabled
    flag: String,
    #[command(flatten)]
    database: DatabaseOption,
}

#[derive(Debug, Args)]
pub(super) struct MemberOptions {
    /// Id or subdomain of the account
    account: String,
    /// Email address of the user
    email: String,
    #[command(flatten)]
    database: DatabaseOption,
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make a user.
    Create {
        /// Email address, by which the user is told
        #[arg(long)]
        email: String,
        /// Name for people
        #[arg(long)]
        name: String,
        /// Id or subdomain of an account to make the user a member of
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// List the users, with the accounts that they are members of.
    List(DatabaseOption),
    /// Set what a user signs in with, read from the terminal or from standard input.
    Password {
        /// Email address of the user
        email: String,
        /// Take the password away instead, so that the user cannot sign in with one
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// Delete a user, and revoke the user's tokens.
    Delete {
        /// Email address of the user
        email: String,
        #[command(flatten)]
        database: DatabaseOption,
    },
}

pub(super) async fn run(spec: &'static ServerSpec, command: AccountsCommand) -> anyhow::Result<()> {
    let url = match &command {
        AccountsCommand::Account(command) => command.database(),
        AccountsCommand::User(command) => command.database(),
    };
    let url = url.database.clone();
    check(spec, &command)?;
    if let AccountsCommand::User(UserCommand::Password { email, remove, .. }) = &command {
        return password::set(spec, &url, email, *remove).await;
    }
    let database = Database::open(&url).await?;
    let people = People { spec, accounts: Accounts::new(&database) };
    let done = match command {
        AccountsCommand::Account(command) => people.account(command).await,
        AccountsCommand::User(command) => people.user(command).await,
    };
    database.close().await;
    done
}

impl AccountCommand {
    fn database(&self) -> &DatabaseOption {
        match self {
            Self::Create(options) => &options.database,
            Self::Enable(options) | Self::Disable(options) => &options.database,
            Self::AddMember(options) | Self::RemoveMember(options) => &options.database,
            Self::List(database) | Self::Delete { database, .. } => database,
        }
    }
}

impl UserCommand {
    fn database(&self) -> &DatabaseOption {
        match self {
            Self::Create { database, .. }
            | Self::List(database)
            | Self::Password { database, .. }
            | Self::Delete { database, .. } => database,
        }
    }
}

/// What can be said before the database is opened.
fn check(spec: &ServerSpec, command: &AccountsCommand) -> anyhow::Result<()> {
    match command {
        AccountsCommand::Account(AccountCommand::Create(AccountOptions { subdomain, name, .. })) => {
            check_subdomain(subdomain).map_err(|why| anyhow!("a subdomain {why}"))?;
            ensure!(is_printable(name), "an account's name has 1 to 64 printable characters");
        }
        AccountsCommand::Account(AccountCommand::Enable(options)) => check_flag(spec, &options.flag)?,
        AccountsCommand::User(UserCommand::Create { email, name, .. }) => {
            ensure!(is_email(email), "`{email}` is no email address: write one as `ada@example.com`");
            ensure!(is_printable(name), "a user's name has 1 to 64 printable characters");
        }
        AccountsCommand::User(UserCommand::Password { .. }) => ensure!(
            spec.credential.password_grant().is_some(),
            "nobody signs in with a password here: the server declares no password grant"
        ),
        AccountsCommand::Account(_) | AccountsCommand::User(_) => {}
    }
    Ok(())
}

/// A flag that nothing asks for would be enabled to no effect. One that is on can be disabled whatever it
/// is called: the manifest may have dropped it.
fn check_flag(spec: &ServerSpec, flag: &str) -> anyhow::Result<()> {
    let Some(feature) = spec.account().and_then(|(_, account)| account.feature) else {
        bail!("the server asks for nothing that could be enabled");
    };
    if feature.flag != flag {
        let near = nearest(flag, [feature.flag]).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        bail!("there is no flag `{flag}`{near}\nthe flags are:\n  {}", feature.flag);
    }
    Ok(())
}

/// Whether a text can be an address that mail reaches, as far as that can be seen.
fn is_email(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic();
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !user.contains('@'))
        && text.chars().all(plain)
        && text.len() <= LONGEST_EMAIL
}

/// Users and accounts, as operators speak of them.
struct People {
    spec: &'static ServerSpec,
    accounts: Accounts,
}

impl People {
    async fn account(&self, command: AccountCommand) -> anyhow::Result<()> {
        match command {
            AccountCommand::Create(options) => self.create_account(&options).await,
            AccountCommand::List(_) => print(&self.account_table().await?),
            AccountCommand::Enable(FlagOptions { account, flag, .. }) => {
                let account = self.find_account(&account).await?;
                let is_new = self.accounts.enable(account.id, &flag).await.context(NO_ANSWER)?;
                say(&account, if is_new { "has" } else { "has already" }, &flag);
                Ok(())
            }
            AccountCommand::Disable(FlagOptions { account, flag, .. }) => {
                let account = self.find_account(&account).await?;
                let was_on = self.accounts.disable(account.id, &flag).await.context(NO_ANSWER)?;
                if !was_on {
                    check_flag(self.spec, &flag)?;
                }
                say(&account, if was_on { "has no longer" } else { "does not have" }, &flag);
                Ok(())
            }
            AccountCommand::AddMember(MemberOptions { account, email, .. }) => {
                let (account, user) = (self.find_account(&account).await?, self.find_user(&email).await?);
                let is_new = self.accounts.add_member(account.id, user.id).await.context(NO_ANSWER)?;
                say(&account, if is_new { "has the member" } else { "has already the member" }, &user.email);
                Ok(())
            }
            AccountCommand::RemoveMember(MemberOptions { account, email, .. }) => {
                let (account, user) = (self.find_account(&account).await?, self.find_user(&email).await?);
                let was_member = self.accounts.remove_member(account.id, user.id).await.context(NO_ANSWER)?;
                say(&account, if was_member { "has no longer the member" } else { "has no member" }, &user.email);
                Ok(())
            }
            AccountCommand::Delete { account, .. } => self.delete_account(&account).await,
        }
    }

    async fn user(&self, command: UserCommand) -> anyhow::Result<()> {
        match command {
            UserCommand::Create { email, name, account, .. } => {
                self.create_user(&email, &name, account.as_deref()).await
            }
            UserCommand::List(_) => print(&self.user_table().await?),
            // Needs what is read from the terminal, and has been run.
            UserCommand::Password { .. } => Ok(()),
            UserCommand::Delete { email, .. } => {
                let user = self.find_user(&email).await?;
                self.accounts.delete_user(user.id).await.context(NO_ANSWER)?;
                eprintln!("deleted {}, and revoked the user's tokens", user.email);
                Ok(())
            }
        }
    }

    async fn create_account(&self, options: &AccountOptions) -> anyhow::Result<()> {
        let AccountOptions { subdomain, name, id, database: _ } = options;
        let account = match self.accounts.create_account(*id, subdomain, name).await {
            Ok(account) => account,
            Err(CreateError::Taken) => bail!(
                "another account has the subdomain `{subdomain}`{}; `{} account list` shows them all",
                id.map_or_else(String::new, |id| format!(" or the id {id}")),
                self.spec.name
            ),
            Err(CreateError::Former) => bail!(
                "the id {} was that of an account that is deleted, and what it had must go to nobody else: choose another",
                id.unwrap_or_default()
            ),
            Err(CreateError::Database(error)) => return Err(anyhow!(error).context(NO_ANSWER)),
        };
        eprintln!("account {} ({}), {}; its id:", account.id, account.subdomain, account.name);
        print(&format!("{}\n", account.id))
    }

    async fn create_user(&self, email: &str, name: &str, account: Option<&str>) -> anyhow::Result<()> {
        let account = match account {
            Some(account) => Some(self.find_account(account).await?),
            None => None,
        };
        let user = match self.accounts.create_user(email, name).await {
            Ok(user) => user,
            Err(CreateError::Taken | CreateError::Former) => bail!("there is a user `{email}` already"),
            Err(CreateError::Database(error)) => return Err(anyhow!(error).context(NO_ANSWER)),
        };
        let Some(account) = account else {
            eprintln!("user {}, who is not a member of any account yet", user.email);
            return Ok(());
        };
        self.accounts.add_member(account.id, user.id).await.context(NO_ANSWER)?;
        eprintln!("user {}, a member of {} ({})", user.email, account.id, account.subdomain);
        Ok(())
    }

    async fn delete_account(&self, account: &str) -> anyhow::Result<()> {
        let account = self.find_account(account).await?;
        let is_deleted = self.accounts.delete_account(account.id).await.context(NO_ANSWER)?;
        if !is_deleted {
            let members = self.accounts.members(account.id).await.context(NO_ANSWER)?;
            let members: Vec<_> = members.iter().map(|user| user.email.as_str()).collect();
            bail!(
                "account {} ({}) has members: {}; remove them first: {} account remove-member {} EMAIL",
                account.id,
                account.subdomain,
                members.join(", "),
                self.spec.name,
                account.id
            );
        }
        eprintln!("deleted account {} ({})", account.id, account.subdomain);
        Ok(())
    }

    async fn find_account(&self, named: &str) -> anyhow::Result<AccountRecord> {
        let found = match AccountName::parse(named) {
            Some(name) => self.accounts.account(name).await.context(NO_ANSWER)?,
            None => None,
        };
        if let Some(account) = found {
            return Ok(account);
        }
        let all = self.accounts.accounts().await.context(NO_ANSWER)?;
        let near = nearest(named, all.iter().map(|account| account.subdomain.as_str()));
        Err(unknown(self.spec, "account", named, near))
    }

    async fn find_user(&self, email: &str) -> anyhow::Result<UserRecord> {
        find_user(self.spec, &self.accounts, email).await
    }

    async fn account_table(&self) -> anyhow::Result<String> {
        let header = ["ID", "SUBDOMAIN", "NAME", "MEMBERS", "ENABLED", "CREATED"].map(str::to_owned);
        let mut rows = vec![header];
        for account in self.accounts.accounts().await.context(NO_ANSWER)? {
            let members = self.accounts.members(account.id).await.context(NO_ANSWER)?;
            let flags = self.accounts.flags(account.id).await.context(NO_ANSWER)?;
            rows.push([
                account.id.to_string(),
                account.subdomain,
                account.name,
                or_none(&members.iter().map(|user| user.email.as_str()).collect::<Vec<_>>()),
                or_none(&flags.iter().map(String::as_str).collect::<Vec<_>>()),
                time(account.created_at),
            ]);
        }
        Ok(aligned(&rows))
    }

    async fn user_table(&self) -> anyhow::Result<String> {
        let header = ["EMAIL", "NAME", "ACCOUNTS", "PASSWORD", "CREATED"].map(str::to_owned);
        let mut rows = vec![header];
        for user in self.accounts.users().await.context(NO_ANSWER)? {
            let accounts = self.accounts.memberships(user.id).await.context(NO_ANSWER)?;
            let accounts: Vec<_> = accounts.iter().map(|it| format!("{} ({})", it.id, it.subdomain)).collect();
            rows.push([
                user.email,
                user.name,
                or_none(&accounts.iter().map(String::as_str).collect::<Vec<_>>()),
                if user.password_hash.is_some() { "yes" } else { "no" }.to_owned(),
                time(user.created_at),
            ]);
        }
        Ok(aligned(&rows))
    }
}

/// The user with an email address.
///
/// # Errors
/// When there is none, with the one that was likely meant.
pub(super) async fn find_user(spec: &ServerSpec, accounts: &Accounts, email: &str) -> anyhow::Result<UserRecord> {
    if let Some(user) = accounts.user(email).await.context(NO_ANSWER)? {
        return Ok(user);
    }
    let all = accounts.users().await.context(NO_ANSWER)?;
    let near = nearest(email, all.iter().map(|user| user.email.as_str()));
    Err(unknown(spec, "user", email, near))
}

fn unknown(spec: &ServerSpec, what: &str, named: &str, near: Option<&str>) -> anyhow::Error {
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    anyhow!("there is no {what} `{named}`{near}\n`{} {what} list` shows them all", spec.name)
}

fn say(account: &AccountRecord, does: &str, what: &str) {
    eprintln!("account {} ({}) {does} {what}", account.id, account.subdomain);
}

fn or_none(items: &[&str]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
