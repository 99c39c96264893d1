//! The tools of the area Pipeline mutations, and the command `package`, which shows and restores what packages were.

use anyhow::ensure;
use integrate_io_tools::*;
use toolwright::{Call, Secrets, ToolError, mcp_tool};
use toolwright_support::sqlite::time;

use crate::{
    dataflow::{Edit, EditError, edited},
    store::{self, Files, Stores, WriteStore, packages::transitions},
};

#[mcp_tool]
async fn clone_package(
    store: &WriteStore,
    call: &Call,
    input: clone_package::Input,
) -> Result<clone_package::Output, ToolError> {
    let clone_package::Input { package_id, name, workspace_id } = input;
    if name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(ToolError::invalid_argument("name", "a name is more than spaces"));
    }
    let actor = &call.identity().credential_name;
    let package = store.clone_package(call.account(), actor, package_id, name, workspace_id).await?;
    Ok(clone_package::Output { package_id: package.id, package })
}

#[mcp_tool]
async fn update_package_components(
    store: &WriteStore,
    call: &Call,
    input: update_package_components::Input,
) -> Result<update_package_components::Output, ToolError> {
    let edits = input.components.into_iter();
    let edits = edits.map(|edit| Edit { component: edit.component_name, updates: edit.updates.into_iter().collect() });
    let edits: Vec<Edit> = edits.collect();
    let (actor, event) = (&call.identity().credential_name, "update_package_components");
    let revise = |flow_type, data_flow: &_| edited(flow_type, data_flow, &edits).map_err(refusal);
    let (package, previous_version, updated_components) =
        store.revise_package(call.account(), actor, input.package_id, event, revise).await?;
    Ok(update_package_components::Output { package, updated_components, previous_version })
}

/// What a caller is told whose edit was refused. Nothing has changed.
fn refusal(error: EditError) -> ToolError {
    match error {
        EditError::Edit(at, message) => {
            ToolError::invalid_argument(&format!("components[{at}].component_name"), message + "; nothing was changed")
        }
        EditError::Faults(faults) => {
            let faults: Vec<String> = faults.iter().map(|fault| format!("\n- {fault}")).collect();
            let message = format!("the components would have faults; nothing was changed:{}", faults.concat());
            ToolError::invalid_argument("components", message)
        }
        EditError::Size(message) => ToolError::invalid_argument("components", message + "; nothing was changed"),
    }
}

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
        #[arg(long, value_name = "ID")]
        account: String,
        #[command(flatten)]
        files: Files,
    },
}

pub(crate) async fn run(Command::Package(command): Command) -> anyhow::Result<()> {
    match command {
        PackageCommand::Versions { package, files } => {
            let stores = open(&files).await?;
            let (name, versions) = transitions::versions(&mut *stores.read.snapshot().await?, package).await?;
            eprintln!("versions of the package {package} `{name}`, the newest first");
            for version in versions {
                let at = time::rfc3339(version.created_at)?;
                println!("{}\t{at}\t{}\t{}", version.number, version.event, version.actor);
            }
        }
        PackageCommand::Restore { package, version, account, files } => {
            let stores = open(&files).await?;
            let operator = whoami::username().unwrap_or_else(|_| "console".to_owned());
            let package = stores.write.restore_package(&account, &operator, package, version).await?;
            eprintln!(
                "the package {} `{}` is what it was; its version is {}",
                package.id, package.name, package.version
            );
        }
    }
    Ok(())
}

/// The store of a server that has one: a command makes none by mistake.
async fn open(files: &Files) -> anyhow::Result<Stores> {
    ensure!(files.store.is_file(), "there is no store {}: name it with --store", files.store.display());
    store::open(files, &Secrets::default()).await
}
