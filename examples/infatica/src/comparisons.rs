//! The tools of the area Cross-run comparison.

use infatica_tools::*;
use toolwright::{Call, mcp_tool};

use crate::{
    analysis::templates,
    store::{
        ReadStore, StoreError, WriteStore,
        analyses::{self, Kind, comparisons, transitions::Wish},
    },
};

#[mcp_tool]
async fn compare_runs(store: &WriteStore, call: &Call, input: compare_runs::Input) -> Result<Comparison, StoreError> {
    let compare_runs::Input { run_ids, template, instructions } = input;
    store.compare_runs(call.into(), &run_ids, Wish { template, instructions }).await
}

#[mcp_tool]
async fn list_comparisons(
    store: &ReadStore,
    call: &Call,
    input: list_comparisons::Input,
) -> Result<list_comparisons::Output, StoreError> {
    let mut view = store.snapshot().await?;
    let (comparisons, total) = match input.comparison_id {
        None => comparisons::list(&mut view, call.subject(), input.limit, input.offset).await?,
        Some(id) => {
            let key = analyses::find(&mut view, call.subject(), Kind::Comparison, &id).await?;
            (vec![comparisons::load(&mut view, key).await?], 1)
        }
    };
    Ok(list_comparisons::Output { comparisons, total })
}

#[mcp_tool]
async fn list_comparison_templates(_: &ReadStore) -> Result<list_comparison_templates::Output, StoreError> {
    Ok(list_comparison_templates::Output { templates: templates::all_of_comparison() })
}

#[mcp_tool]
async fn retry_comparison(
    store: &WriteStore,
    call: &Call,
    input: retry_comparison::Input,
) -> Result<Comparison, StoreError> {
    store.retry_comparison(call.into(), &input.comparison_id).await
}
