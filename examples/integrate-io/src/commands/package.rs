//! The command `package`: what packages were before they were edited.

use toolwright_support::sqlite::time;

use super::{account, print, with};
use crate::store::{Files, Stores, packages::transitions};

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Show what packages were before they were edited, and restore it
    #[command(subcommand)]
    Package(PackageCommand),
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum PackageCommand {
    /// List the versions of a package, the newest first
    Versions {
        /// Id of the package
        package: i64,
        #[command(flatten)]
        files: Files,
    },
    /// Make a package what it was in a version, which makes a new version
    Restore {
        /// Id of the package
        package: i64,
        /// The version to restore
        version: i64,
        /// Id of the account that has the package
        #[arg(long, value_name = "ID", value_parser = account)]
        account: String,
        #[command(flatten)]
        files: Files,
    },
}

pub(crate) async fn run(Command::Package(command): Command) -> anyhow::Result<()> {
    match command {
        PackageCommand::Versions { package, files } => {
            with(&files, async |stores| versions(stores, package).await).await
        }
        PackageCommand::Restore { package, version, account, files } => {
            with(&files, async |stores| restore(stores, &account, package, version).await).await
        }
    }
}

async fn versions(stores: &Stores, package: i64) -> anyhow::Result<()> {
    let (name, versions) = transitions::versions(&mut *stores.read.snapshot().await?, package).await?;
    eprintln!("versions of the package {package} `{name}`, the newest first");
    for version in versions {
        let at = time::rfc3339(version.created_at)?;
        print(&format!("{}\t{at}\t{}\t{}\n", version.number, version.event, version.actor))?;
    }
    Ok(())
}

async fn restore(stores: &Stores, account: &str, package: i64, version: i64) -> anyhow::Result<()> {
    let operator = whoami::username().unwrap_or_else(|_| "console".to_owned());
    let package = stores.write.restore_package(account, &operator, package, version).await?;
    eprintln!("the package {} `{}` is what it was; its version is {}", package.id, package.name, package.version);
    Ok(())
}
