//! The two doors to the Catalyst API: both send the caller's own key, to the one origin that the manifest declares.

use serde::{Serialize, de::DeserializeOwned};
use toolwright::{Call, ToolError, Upstream, UpstreamReader, UpstreamWriter};

use inference_tools::*;

/// The door for tools that read: it can send nothing but `GET`.
#[derive(Debug, Clone, toolwright::ReadStore)]
pub(crate) struct ReadStore(UpstreamReader);

/// The door for tools that change something.
#[derive(Debug, Clone, toolwright::WriteStore)]
pub(crate) struct WriteStore(UpstreamWriter);

impl ReadStore {
    pub(crate) fn new(upstream: &Upstream) -> Self {
        Self(upstream.reader())
    }

    /// What is below the call's project.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        query: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.get(call, &below(call, path), query).await
    }

    /// What is about the key itself.
    pub(crate) async fn get_for_key<T: DeserializeOwned>(&self, call: &Call, path: &[&str]) -> Result<T, ToolError> {
        self.0.get(call, &[&["v1"], path].concat(), &()).await
    }
}

impl WriteStore {
    pub(crate) fn new(upstream: &Upstream) -> Self {
        Self(upstream.writer())
    }

    /// Sends a body to what is below the call's project.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.post(call, &below(call, path), body).await
    }

    /// Changes what is below the call's project.
    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &[&str],
        body: &(impl Serialize + Sync),
    ) -> Result<T, ToolError> {
        self.0.patch(call, &below(call, path), body).await
    }
}

fn below<'a>(call: &'a Call, path: &[&'a str]) -> Vec<&'a str> {
    [&["v1", "projects", call.project()], path].concat()
}
