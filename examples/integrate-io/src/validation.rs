//! validate_package, of the area Pipeline diagnostics.

use integrate_io_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    connections::OpenError,
    database::Target,
    dataflow::{self, Fault, Package},
    store::{
        ReadStore, StoreError,
        packages::{self, Definition},
        validations::{RecordStore, Validation},
    },
};

#[mcp_tool]
async fn validate_package(
    store: &RecordStore,
    call: &Call,
    input: validate_package::Input,
) -> Result<validate_package::Output, ToolError> {
    let account = Account { store: &store.read, id: call.account() };
    let _permit = store.read.connections().permit()?;
    let package = account.load(input.package_id).await?;
    let faults = dataflow::validate(&package, &account, &account).await;
    let (package_id, version) = (package.id, package.version);
    let actor = &call.identity().credential_name;
    let record = Validation { account: call.account(), package: package_id, version, errors: faults.len(), actor };
    let validation_id = store.append(&record).await?;
    let errors = faults.into_iter().map(|Fault { component, field, message }| ComponentError {
        component_name: component,
        field,
        message,
    });
    let errors: Vec<ComponentError> = errors.collect();
    Ok(validate_package::Output { package_id, version, valid: errors.is_empty(), errors, validation_id })
}

/// What an account has, for its data flows.
struct Account<'a> {
    store: &'a ReadStore,
    id: &'a str,
}

impl Account<'_> {
    async fn load(&self, id: i64) -> Result<Package, StoreError> {
        let Definition { package, data_flow, variables } =
            packages::load(&mut *self.store.snapshot().await?, self.id, id).await?;
        let (name, flow_type, version) = (package.name, package.flow_type, package.version);
        Ok(Package { id, name, flow_type, version, data_flow, variables })
    }
}

impl dataflow::Connections for Account<'_> {
    async fn target(&self, connection_id: i64) -> Result<Target, String> {
        self.store.connections().database(self.id, connection_id).await.map_err(|error| match error {
            OpenError::Store(error) => ToolError::from(error).message().to_owned(),
            error => error.to_string(),
        })
    }
}

impl dataflow::Packages for Account<'_> {
    async fn package(&self, id: i64) -> Result<Package, String> {
        self.load(id).await.map_err(|error| ToolError::from(error).message().to_owned())
    }
}
