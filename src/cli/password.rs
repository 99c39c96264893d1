//! `user password`: what a user signs in with where tokens are given for passwords.

use std::io::{self, IsTerminal as _, Read as _};

use anyhow::{Context as _, anyhow, ensure};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    ServerSpec,
    account::Accounts,
    database::Database,
    password_grant::password::{self, LONGEST},
};

/// Sets a user's password, or takes it away. What programs got for the one before works no more.
pub(super) async fn set(spec: &'static ServerSpec, url: &str, email: &str, remove: bool) -> anyhow::Result<()> {
    const NO_ANSWER: &str = "the token database does not answer";
    let database = Database::open(url).await?;
    let accounts = Accounts::new(&database);
    let unknown = || anyhow!("there is no user `{email}`; `{} user list` shows them all", spec.name);
    let user = accounts.user(email).await.context(NO_ANSWER)?.ok_or_else(unknown)?;
    let hash = if remove { None } else { Some(hash_of(&read()?, &user.email)?) };
    // Somebody can have been deleted while a password was typed.
    let revoked = accounts.set_password_hash(user.id, hash.as_deref()).await.context(NO_ANSWER)?.ok_or_else(unknown)?;
    database.close().await;
    let done = if remove { "has no password any more" } else { "has a new password" };
    eprintln!("{} {done}; tokens that were given for one before and are revoked: {revoked}", user.email);
    Ok(())
}

fn hash_of(password: &SecretString, email: &str) -> anyhow::Result<String> {
    password::check(password, email).map_err(|why| anyhow!("a password {why}"))?;
    password::hash(password).map_err(|error| anyhow!("the password cannot be hashed: {error}"))
}

/// From a terminal twice and unseen, from all else as it comes. One line break at the end belongs to
/// the line and not to the password.
fn read() -> anyhow::Result<SecretString> {
    const UNREADABLE: &str = "cannot read from the terminal";
    if io::stdin().is_terminal() {
        let prompt = |text| rpassword::prompt_password(text).context(UNREADABLE).map(SecretString::from);
        let (first, again) = (prompt("New password: ")?, prompt("Once more: ")?);
        ensure!(first.expose_secret() == again.expose_secret(), "the two are not the same");
        return Ok(first);
    }
    // Two bytes for the line break, and one more to see that it is too long.
    let mut bytes = Vec::with_capacity(LONGEST + 3);
    let limit = u64::try_from(bytes.capacity())?;
    io::stdin().take(limit).read_to_end(&mut bytes).context("cannot read from standard input")?;
    ensure!(bytes.len() < LONGEST + 3, "a password has at most {LONGEST} bytes");
    let text = String::from_utf8(bytes).map_err(|_| anyhow!("a password is text in UTF-8"))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    ensure!(!line.contains(['\n', '\r']), "a password is one line");
    Ok(line.into())
}
