//! A door for the benchmarks of this workspace, to what no server's own code can reach.

use crate::{
    Secrets, ServerSpec,
    credential::{Presented, Verifier},
    database::Database,
};

/// What says whose a server's tokens are, as its HTTP transport asks it.
pub struct Verification {
    server: &'static ServerSpec,
    verifier: Verifier,
    database: Database,
}

impl Verification {
    /// On a database, whose tables are made. What it says is remembered, or else asked for every time.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open(server: &'static ServerSpec, url: &str, remembers: bool) -> anyhow::Result<Self> {
        let database = Database::open(url).await?;
        if remembers {
            database.listen();
        }
        let verifier = Verifier::new(server, Some(&database), server.endpoint, &Secrets::of(server))?;
        Ok(Self { server, verifier, database })
    }

    /// Whether a credential is good.
    pub async fn verify(&self, credential: &str) -> bool {
        self.verifier.authenticate(self.server, Presented::Bearer(credential)).await.is_ok()
    }

    /// Writes down what is still to be written, and closes the database.
    pub async fn close(self) {
        self.verifier.finish().await;
        self.database.close().await;
    }
}
