//! The tools of the area Balance.

use infatica_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    store::{ReadStore, StoreError, WriteStore, balance},
    upstream::UpstreamError,
};

#[mcp_tool]
async fn check_balance(store: &ReadStore, call: &Call) -> Result<Balance, StoreError> {
    let mut view = store.snapshot().await?;
    balance::load(&mut view, call.subject(), store.opening_credits()).await
}

#[mcp_tool]
async fn refresh_balance(store: &WriteStore, call: &Call) -> Result<Balance, ToolError> {
    let Some(system) = store.billing_system() else { return Ok(store.keep_balance_of_ledger(call.into()).await?) };
    let asked = store.moment().await?;
    let credits = system.balance(call.subject()).await.map_err(|error| asked_in_vain(&error))?;
    Ok(store.keep_balance(call.into(), asked, credits).await?)
}

/// What was wrong with the billing system's answer; what it said then is for the log.
fn asked_in_vain(error: &UpstreamError) -> ToolError {
    let said = if let UpstreamError::Status { excerpt, .. } = error { excerpt } else { "" };
    tracing::warn!(%error, said, "the billing system was asked in vain");
    ToolError::unavailable(format!("the billing system was asked in vain: {error}; the balance is kept as it was"))
}
