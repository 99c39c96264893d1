//! The tool of the area Audit.

use infatica_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    arguments::instant,
    store::{ReadStore, audit},
};

#[mcp_tool]
async fn get_audit_log(
    store: &ReadStore,
    call: &Call,
    input: get_audit_log::Input,
) -> Result<get_audit_log::Output, ToolError> {
    let filter = audit::Filter {
        action: input.action,
        object_id: input.object_id,
        via: input.via,
        since: instant("since", input.since)?,
        until: instant("until", input.until)?,
    };
    let mut view = store.snapshot().await?;
    let (entries, total) = audit::list(&mut view, call.subject(), &filter, input.limit, input.offset).await?;
    Ok(get_audit_log::Output { entries, total })
}
