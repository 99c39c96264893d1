//! The tools of the area Analysis: single run.

use infatica_tools::*;
use toolwright::{Call, mcp_tool};

use crate::{
    analysis::templates,
    store::{
        ReadStore, StoreError, WriteStore,
        analyses::{self, Kind, transitions::Wish},
        runs,
    },
};

#[mcp_tool]
async fn create_analysis(
    store: &WriteStore,
    call: &Call,
    input: create_analysis::Input,
) -> Result<Analysis, StoreError> {
    let create_analysis::Input { run_id, template, instructions } = input;
    store.create_analysis(call.into(), &run_id, Wish { template, instructions }).await
}

#[mcp_tool]
async fn list_analyses(
    store: &ReadStore,
    call: &Call,
    input: list_analyses::Input,
) -> Result<list_analyses::Output, StoreError> {
    let mut view = store.snapshot().await?;
    let run = runs::find(&mut view, call.subject(), &input.run_id).await?;
    let (analyses, total) = analyses::list(&mut view, run, input.limit, input.offset).await?;
    Ok(list_analyses::Output { analyses, total })
}

#[mcp_tool]
async fn get_analysis(store: &ReadStore, call: &Call, input: get_analysis::Input) -> Result<Analysis, StoreError> {
    let mut view = store.snapshot().await?;
    let key = analyses::find(&mut view, call.subject(), Kind::Analysis, &input.analysis_id).await?;
    analyses::load(&mut view, key).await
}

#[mcp_tool]
async fn list_analysis_templates(_: &ReadStore) -> Result<list_analysis_templates::Output, StoreError> {
    Ok(list_analysis_templates::Output { templates: templates::all_of_run() })
}
