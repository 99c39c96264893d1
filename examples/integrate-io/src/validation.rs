//! validate_package, of the area Pipeline diagnostics.

use integrate_io_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    account::Account,
    dataflow::{self, Fault},
    store::validations::{RecordStore, Validation},
};

#[mcp_tool]
async fn validate_package(
    store: &RecordStore,
    call: &Call,
    input: validate_package::Input,
) -> Result<validate_package::Output, ToolError> {
    let (store, id, actor) = (store.clone(), call.account().to_owned(), call.identity().credential_name.clone());
    // A task of its own, since the record has what was found: it is written although the caller has gone.
    let validated = tokio::spawn(async move { validated(&store, &id, &actor, input.package_id).await });
    validated.await.map_err(ToolError::internal)?
}

async fn validated(
    store: &RecordStore,
    id: &str,
    actor: &str,
    package_id: i64,
) -> Result<validate_package::Output, ToolError> {
    let account = Account { store: &store.read, id };
    let _permit = store.read.connections().permit()?;
    let package = account.package(package_id).await?;
    let faults = dataflow::validate(&package, &account, &account).await;
    let version = package.version;
    let record = Validation { account: id, package: package_id, version, errors: faults.len(), actor };
    let validation_id = store.append(&record).await?;
    let errors = faults.into_iter().map(|Fault { component, field, message }| ComponentError {
        component_name: component,
        field,
        message,
    });
    let errors: Vec<ComponentError> = errors.collect();
    Ok(validate_package::Output { package_id, version, valid: errors.is_empty(), errors, validation_id })
}
