//! What the data flows of an account can use: its connections and its packages, and nobody else's.

use toolwright::ToolError;

use crate::{
    connections::OpenError,
    database::Target,
    dataflow::{self, Package},
    store::{
        ReadStore, StoreError,
        packages::{self, Definition},
        runs,
    },
};

/// An account of a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account<'a> {
    pub(crate) store: &'a ReadStore,
    pub(crate) id: &'a str,
}

impl Account<'_> {
    /// A package as it is now.
    pub(crate) async fn package(&self, id: i64) -> Result<Package, StoreError> {
        let mut view = self.store.snapshot().await?;
        let Definition { package, data_flow, variables } = packages::load(&mut view, self.id, id).await?;
        let (name, flow_type, version) = (package.name, package.flow_type, package.version);
        Ok(Package { id, name, flow_type, version, data_flow, variables })
    }

    /// A package as it was in a version.
    pub(crate) async fn version(&self, id: i64, version: i64) -> Result<Package, StoreError> {
        let package = self.package(id).await?;
        let found = runs::version(&mut *self.store.snapshot().await?, id, version).await?;
        let (data_flow, variables) = found.ok_or(StoreError::NotFound { what: "version", id: version })?;
        Ok(Package { version, data_flow, variables, ..package })
    }
}

impl dataflow::Connections for Account<'_> {
    async fn target(&self, connection_id: i64) -> Result<Target, String> {
        self.store.connections().database(self.id, connection_id).await.map_err(|error| match error {
            OpenError::Store(error) => in_words(error),
            error => error.to_string(),
        })
    }
}

impl dataflow::Packages for Account<'_> {
    async fn package(&self, id: i64) -> Result<Package, String> {
        self.package(id).await.map_err(in_words)
    }
}

/// What a caller is told of a fault of the store, which can be the server's alone.
pub(crate) fn in_words(error: StoreError) -> String {
    ToolError::from(error).message().to_owned()
}
