//! What MCP servers with work of their own share: a store, and work that goes on beside the calls.
//!
//! A tool that starts something long only queues it in the server's store, and answers at once. The rest
//! is here, for a server to put together:
//!
//! - [`sqlite`] opens the store's database by two doors, of which one can only read;
//! - [`vault`] seals the secrets that are kept in it;
//! - [`worker`] does what is queued, so many tasks at a time, and goes on where a killed server was;
//! - [`scheduler`] fires what is due, [`timing`] says when that is, and [`clock`] tells the time;
//! - [`StoreLock`] has one process at a time do it for a store.
//!
//! All that worker and scheduler know is in the store, which is the server's: it implements
//! [`worker::Work`] and [`scheduler::Due`]. Nothing here knows MCP.
//!
//! ```
//! use toolwright_support::{Scheduler, StoreLock, SystemClock, Worker, scheduler::Due, worker::Work};
//! use tokio_util::sync::CancellationToken;
//!
//! /// For `context.spawn(work(…, context.shutdown.clone()))`.
//! async fn work(
//!     lock: StoreLock,
//!     runs: Worker<impl Work>,
//!     schedules: Scheduler<impl Due, SystemClock>,
//!     shutdown: CancellationToken,
//! ) {
//!     if shutdown.run_until_cancelled(lock.acquire()).await.is_some() {
//!         tokio::join!(runs.run(&shutdown), schedules.run(&shutdown));
//!     }
//! }
//! ```

mod background;
pub mod clock;
pub mod scheduler;
pub mod sqlite;
pub mod timing;
pub mod vault;
pub mod worker;

pub use background::StoreLock;
pub use clock::SystemClock;
pub use scheduler::Scheduler;
pub use timing::Timing;
pub use vault::Vault;
pub use worker::Worker;
