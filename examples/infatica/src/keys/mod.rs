//! The keys of accounts for language models, for those who store them: the command `keys`, and the page of the settings.
//! No tool shows, adds or deletes one.

mod kept;
mod page;

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, anyhow, ensure};
use jiff::Timestamp;
use secrecy::{SecretString, zeroize::Zeroizing};
use toolwright::{Secrets, StoredKeys};
use toolwright_support::vault::{Sealed, VaultOption};

use self::kept::{Given, Kept, key_purpose, name};
use crate::{
    collect::{PrivateTargets, Recovery},
    llm::{BaseUrl, Completion, Key, LlmOptions, MAX_SECRET, Message, Models, key_from},
    operator::{self, Owner, label},
    store::{
        self, Stores,
        actor::{Actor, By},
        llm_keys::{self, LlmKey},
    },
};

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Store the keys of accounts for language models, which write their analyses
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum KeysCommand {
    /// Store a key, which its account uses from now on; it is read from standard input
    Add(AddOptions),
    /// List the keys of all accounts, with the last four characters of each
    List(Files),
    /// Make a key the one that its account uses
    Use(ChosenKey),
    /// Ask the language model that writes an account's analyses for a word, to see that it answers
    Check(CheckOptions),
    /// Delete a key
    Delete(ChosenKey),
    /// Add a new key to the key file, and encrypt every stored key under it
    ///
    /// The older keys stay in the file, 32 bytes each before the newest, since backups of the store that
    /// are older need them. Servers that run go on. What somebody has who got hold of both the file and
    /// the store, no rewrap takes back: then replace the stored keys, at whoever gave them out, too.
    Rewrap(Files),
}

/// Where keys are kept.
#[derive(clap::Args, Debug)]
#[command(mut_arg("key_file", |option| option.env("INFATICA_KEY_FILE")))]
pub(crate) struct Files {
    #[command(flatten)]
    pub(crate) store: store::StoreOption,
    #[command(flatten)]
    pub(crate) vault: VaultOption,
}

impl Files {
    /// The keys for the page of the settings.
    pub(crate) fn kept(&self, stores: Stores) -> impl StoredKeys + use<> {
        Kept { stores, vault: self.vault.vault(&self.store.store) }
    }
}

#[derive(clap::Args, Debug)]
pub(crate) struct AddOptions {
    /// What to call the key
    #[arg(long, value_parser = name)]
    name: String,
    /// What comes before `/chat/completions`, such as `https://api.openai.com/v1`
    #[arg(long)]
    url: BaseUrl,
    /// The model to ask, as the endpoint calls it
    #[arg(long, value_parser = label)]
    model: String,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    files: Files,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ChosenKey {
    /// Name or id of the key
    #[arg(value_name = "NAME-OR-ID")]
    key: String,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    files: Files,
}

#[derive(clap::Args, Debug)]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    llm: LlmOptions,
    #[command(flatten)]
    targets: PrivateTargets,
    #[command(flatten)]
    files: Files,
}

/// What the commands work on.
struct Work {
    kept: Kept,
    /// The person at the machine.
    operator: String,
}

pub(crate) async fn run(Command::Keys(command): Command) -> anyhow::Result<()> {
    match command {
        KeysCommand::Add(options) => {
            let secret = read_secret()?;
            with(&options.files, async |work| work.add(&options, &secret).await).await
        }
        KeysCommand::List(files) => with(&files, Work::list).await,
        KeysCommand::Use(chosen) => with(&chosen.files, async |work| work.choose(&chosen).await).await,
        KeysCommand::Check(options) => with(&options.files, async |work| work.check(&options).await).await,
        KeysCommand::Delete(chosen) => with(&chosen.files, async |work| work.delete(&chosen).await).await,
        KeysCommand::Rewrap(files) => with(&files, Work::rewrap).await,
    }
}

async fn with(files: &Files, work: impl AsyncFnOnce(&Work) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let stores = store::open(&files.store.store).await?;
    let vault = files.vault.vault(&files.store.store);
    let prepared = Work { kept: Kept { stores, vault }, operator: operator::name() };
    let done = work(&prepared).await;
    prepared.kept.stores.close().await;
    done
}

impl Work {
    async fn add(&self, options: &AddOptions, secret: &SecretString) -> anyhow::Result<()> {
        let AddOptions { name, url, model, owner, files: _ } = options;
        let id = self.kept.add(self.actor(owner), &Given { name, url, model, secret }).await?;
        eprintln!("stored `{name}` ({id}), which the account `{}` uses from now on", owner.account);
        if !url.is_encrypted() {
            eprintln!("note: whoever is on the way to {url} can read the key; https keeps it secret");
        }
        Ok(())
    }

    async fn list(&self) -> anyhow::Result<()> {
        let header = ["ID", "NAME", "ACCOUNT", "USED", "URL", "MODEL", "KEY", "CREATED", "BY", "LAST USED"];
        let mut rows = vec![header.map(str::to_owned)];
        for key in self.kept.all().await? {
            let LlmKey { id, account, name, base_url, model, secret: _, last_four, .. } = key;
            rows.push([
                id,
                name,
                account,
                if key.in_use { "yes" } else { "no" }.to_owned(),
                base_url,
                model,
                format!("…{last_four}"),
                minute(key.created_at),
                key.created_by,
                key.last_used_at.map_or_else(|| "never".to_owned(), minute),
            ]);
        }
        print(&toolwright::aligned(&rows))
    }

    async fn choose(&self, chosen: &ChosenKey) -> anyhow::Result<()> {
        let key = self.kept.stores.write.use_llm_key(self.actor(&chosen.owner), &chosen.key).await?;
        eprintln!("the account `{}` uses `{}` ({}) from now on", key.account, key.name, key.id);
        Ok(())
    }

    async fn check(&self, options: &CheckOptions) -> anyhow::Result<()> {
        let CheckOptions { owner: Owner { account }, llm, targets, files: _ } = options;
        let models = Models::new(llm, targets, self.kept.stores.clone(), self.kept.vault.clone(), Secrets::default())?;
        let question = [Message::system("Answer with one word."), Message::user("Are you ready?")];
        let completed = models.complete(account, &question).await.map_err(|fault| {
            let hint = if fault.recovery() == Recovery::Never { "" } else { "; it may pass: try again later" };
            anyhow!("{}{hint}", fault.in_full())
        });
        match completed? {
            Some(Completion { model, key: Key::Stored { id, name }, .. }) => {
                print(&format!("`{model}` answers the key `{name}` ({id}) of the account `{account}`\n"))
            }
            Some(Completion { model, key: Key::OfServer, .. }) => {
                print(&format!("`{model}` answers the server's key; the account `{account}` has none\n"))
            }
            None => print(&format!("the account `{account}` has no key, and the server neither\n")),
        }
    }

    async fn delete(&self, chosen: &ChosenKey) -> anyhow::Result<()> {
        let key = self.kept.stores.write.delete_llm_key(self.actor(&chosen.owner), &chosen.key).await?;
        eprintln!("deleted `{}` ({})", key.name, key.id);
        let next = llm_keys::in_use(&mut *self.kept.stores.read.snapshot().await?, &key.account).await?;
        match next {
            Some(next) => eprintln!("the account `{}` uses `{}` ({})", key.account, next.name, next.id),
            None => eprintln!("the account `{}` has no key", key.account),
        }
        Ok(())
    }

    /// A key that does not open is left as it is, and stops nothing.
    async fn rewrap(&self) -> anyhow::Result<()> {
        let reseal = |keys: &[LlmKey]| -> anyhow::Result<Vec<Option<Sealed>>> {
            let opened: Vec<_> = keys.iter().map(|key| self.kept.open(key)).collect();
            self.kept.vault.rotate()?;
            let mut sealed = Vec::new();
            for (key, secret) in keys.iter().zip(opened) {
                sealed.push(match secret {
                    Ok(secret) => Some(self.kept.vault.seal(&secret, &key_purpose(key))?),
                    Err(error) => {
                        eprintln!("left as it is: {error:#}");
                        None
                    }
                });
            }
            Ok(sealed)
        };
        let by = By::Session { name: &self.operator };
        let resealed = self.kept.stores.write.reseal_llm_keys(by, reseal).await?;
        eprintln!("keys encrypted under the newest key of {}: {resealed}", self.kept.vault.file().display());
        Ok(())
    }

    fn actor<'a>(&'a self, owner: &'a Owner) -> Actor<'a> {
        owner.actor(&self.operator)
    }
}

/// From a prompt at a terminal, or else from all of standard input. An argument would be seen by every
/// process of the machine, and stay in the shell's history.
fn read_secret() -> anyhow::Result<SecretString> {
    let text = if io::stdin().is_terminal() {
        Zeroizing::new(rpassword::prompt_password("Key: ").context("cannot read from the terminal")?)
    } else {
        // Room for all of it at once, so that no copy is left where it grew.
        let mut text = Zeroizing::new(String::with_capacity(2 * MAX_SECRET));
        let read = io::stdin().take(2 * MAX_SECRET as u64).read_to_string(&mut text);
        let length = read.context("cannot read the key from standard input")?;
        ensure!(length < 2 * MAX_SECRET, "what came is no key: it is far too long");
        text
    };
    ensure!(!text.trim().is_empty(), "no key came: write it to standard input");
    key_from(&text).context("what came is no key")
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

fn minute(microseconds: i64) -> String {
    Timestamp::from_microsecond(microseconds)
        .map_or_else(|_| microseconds.to_string(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}
