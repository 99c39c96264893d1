//! HALO: what the traces of an agent say about its faults, and what would mend them.
//!
//! [`analysis`] finds the faults, [`reading`] reads what it looks at. Runs are jobs, which callers and [`schedules`]
//! ask for; those that belong together are a conversation, which has the reports.

use std::num::NonZeroUsize;

use axum::{
    Router,
    routing::{get, post},
};
use tokio_util::sync::CancellationToken;
use toolwright_support::{Scheduler, SystemClock};

use crate::{jobs, store::Store};

mod agent;
mod analysis;
mod conversations;
mod job;
mod reading;
mod request;
mod runs;
pub(crate) mod sample;
mod schedules;

/// How many runs are done at a time. Each has all of its spans in memory.
const AT_A_TIME: NonZeroUsize = NonZeroUsize::MIN;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/halo/conversations", get(conversations::list))
        .route("/halo/conversations/{conversation_id}/report", get(conversations::report))
        .route("/halo/runs", get(runs::list).post(runs::ask))
        .route("/halo/runs/{run_id}", get(runs::one))
        .route("/halo/schedules", get(schedules::list).post(schedules::create))
        .route("/halo/schedules/{schedule_id}/pause", post(schedules::pause))
        .route("/halo/schedules/{schedule_id}/resume", post(schedules::resume))
        .route("/halo/schedules/{schedule_id}/archive", post(schedules::archive))
}

/// Works until the service stops.
pub(crate) async fn work(store: &Store, shutdown: &CancellationToken) {
    let schedules = Scheduler::new(schedules::Schedules(store.clone()), SystemClock);
    tokio::join!(jobs::work(job::Runs(store.clone()), AT_A_TIME, shutdown), schedules.run(shutdown));
}
