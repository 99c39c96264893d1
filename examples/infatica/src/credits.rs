//! The command `credits`: what is given to accounts, and what is corrected. No tool does either.

use std::num::NonZero;

use crate::{
    operator::{self, Owner, label},
    store,
};

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Give accounts credits, and correct what they have
    #[command(subcommand)]
    Credits(CreditsCommand),
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum CreditsCommand {
    /// Give an account credits
    Grant {
        /// How many
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        credits: u32,
        #[command(flatten)]
        change: Change,
    },
    /// Correct what an account has: by more credits, or by fewer, as `-20`
    Adjust {
        /// How many
        #[arg(allow_negative_numbers = true)]
        credits: NonZero<i32>,
        #[command(flatten)]
        change: Change,
    },
}

#[derive(clap::Args, Debug)]
pub(crate) struct Change {
    /// Why, for those who read the ledger
    #[arg(long, value_name = "TEXT", value_parser = label)]
    reason: String,
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    store: store::StoreOption,
}

pub(crate) async fn run(Command::Credits(command): Command) -> anyhow::Result<()> {
    let (CreditsCommand::Grant { change, .. } | CreditsCommand::Adjust { change, .. }) = &command;
    let Change { reason, owner, store } = change;
    let stores = store::open(&store.store).await?;
    let operator = operator::name();
    let actor = owner.actor(&operator);
    let (credits, done) = match &command {
        CreditsCommand::Grant { credits, .. } => {
            let credits = i64::from(*credits);
            (credits, stores.write.grant_credits(actor, credits, reason).await)
        }
        CreditsCommand::Adjust { credits, .. } => {
            let credits = i64::from(credits.get());
            (credits, stores.write.adjust_credits(actor, credits, reason).await)
        }
    };
    stores.close().await;
    done?;
    eprintln!("the account `{}` has {credits:+} credits", owner.account);
    Ok(())
}
