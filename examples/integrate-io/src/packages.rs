//! The tools of the area Pipeline mutations. The command `package` shows and restores what packages were.

use integrate_io_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    dataflow::{Edit, EditError, edited},
    store::WriteStore,
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
