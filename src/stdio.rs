//! stub
use crate::server::Server;
use std::{sync::Arc, time::Duration};
pub(crate) async fn serve(_server: Arc<Server>, _stop: impl Future<Output = ()>, _grace: Duration) {}
