//! The tools of the area Runs: how runs went, and why one failed.

use integrate_io_tools::*;
use toolwright::{Call, mcp_tool};

use crate::{
    failure::{self, Explanation, places::Places},
    store::{
        ReadStore, StoreError,
        runs::{self, log::Log},
    },
};

#[mcp_tool]
async fn list_runs(store: &ReadStore, call: &Call, input: list_runs::Input) -> Result<list_runs::Output, StoreError> {
    let list_runs::Input { package_id, status, include_retries, limit, offset } = input;
    let filter = runs::Filter { package_id, status, include_retries };
    let mut view = store.snapshot().await?;
    let (runs, total) = runs::list(&mut view, call.account(), &filter, limit, offset).await?;
    Ok(list_runs::Output { runs, total })
}

#[mcp_tool]
async fn get_run(store: &ReadStore, call: &Call, input: get_run::Input) -> Result<get_run::Output, StoreError> {
    store.connections().learn_secrets().await?;
    let mut view = store.snapshot().await?;
    let run = runs::load(&mut view, call.account(), input.run_id).await?;
    let log = Log::load(&mut view, &run, store.secrets()).await?;
    Ok(get_run::Output {
        variables: runs::variables(&mut view, &run).await?,
        retried_by: runs::retried_by(&mut view, &run).await?,
        log_lines: log.total(),
        log_tail: log.tail(input.log_tail_lines),
        run,
    })
}

#[mcp_tool]
async fn explain_job_failure(
    store: &ReadStore,
    call: &Call,
    input: explain_job_failure::Input,
) -> Result<explain_job_failure::Output, StoreError> {
    store.connections().learn_secrets().await?;
    let mut view = store.snapshot().await?;
    let mut run = runs::load(&mut view, call.account(), input.run_id).await?;
    run.last_error = run.last_error.map(|error| store.secrets().redact_text(&error).into_owned());
    let log = Log::load(&mut view, &run, store.secrets()).await?;
    let places = Places::of(&runs::data_flow(&mut view, &run).await?);
    let Explanation { primary_error, patterns, next_steps } = failure::explain(&run, &log, &places);
    Ok(explain_job_failure::Output {
        primary_error,
        patterns,
        next_steps,
        log_lines: log.total(),
        log_tail: log.tail(input.log_tail_lines),
        run,
    })
}
