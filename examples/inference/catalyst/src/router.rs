//! The API's paths, and what stands before all of them.

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};

use crate::{
    access, agents, datasets, deployments, error::ApiError, evals, evals::HasJudge, halo, inferences, models, rubrics,
    store::Store, traces, training, whoami,
};

/// How large a body can be where a path says nothing else, in bytes.
const BODY_LIMIT: usize = 4 << 20;

pub(crate) fn router(store: &Store, has_judge: HasJudge) -> Router {
    let in_project = Router::new()
        .merge(agents::routes())
        .merge(datasets::routes())
        .merge(deployments::routes())
        .merge(evals::routes(has_judge))
        .merge(halo::routes())
        .merge(inferences::routes())
        .merge(models::routes())
        .merge(rubrics::routes())
        .merge(traces::routes())
        .merge(training::routes());
    let by_header = Router::new().merge(deployments::chat_routes()).merge(traces::intake::routes());
    let about_projects = Router::new()
        .nest("/v1/projects/{project}", in_project)
        .merge(by_header)
        .layer(from_fn_with_state(store.clone(), access::enter));
    let all = about_projects.merge(whoami::routes());
    all.method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(from_fn_with_state(store.clone(), access::authenticate))
        .route("/healthz", get(async || "ok"))
        .fallback(async || ApiError::NoRoute)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(log))
}

/// A line of the log for every request.
async fn log(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let (method, begun) = (request.method().clone(), std::time::Instant::now());
    let response = next.run(request).await;
    let (status, milliseconds) = (response.status().as_u16(), begun.elapsed().as_millis());
    tracing::debug!(%method, path, status, milliseconds, "answered");
    response
}
