//! The stream on which the server tells of changes. It is opened again when it ends: the server may have been started anew, or the way to it was cut.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Map;
use tokio::time::{Instant, sleep};

use super::{Gateway, reply};
use crate::{
    changes::Change,
    conversation::outbox::{Gone, Outbox},
    credential::Presented,
};

/// How long to wait before it is opened again: after the first time that it ends at once, and at most. One that lasts is as good as the first.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// Why there is no stream any more.
enum End {
    /// It broke, or the server cannot be reached now.
    ForNow,
    /// The server has no such stream, does not let this client listen, or the client is not there to be told.
    ForGood,
}

impl Gateway {
    /// Passes on what the server tells of changes, until it does not let the client listen any more.
    pub(in crate::stdio) async fn listen(&self, presented: Presented<'_>, outbox: &Outbox) {
        let listening = async {
            let (first, longest) = PAUSES;
            let (mut pause, mut is_again) = (first, false);
            loop {
                let began = Instant::now();
                if matches!(self.hear(presented, outbox, is_again).await, End::ForGood) {
                    return;
                }
                if began.elapsed() > pause {
                    pause = first;
                }
                is_again = true;
                // Not all clients of a server that was started anew at the same time.
                sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
                pause = longest.min(pause * 2);
            }
        };
        tokio::select! {
            () = listening => tracing::debug!("the server tells of no changes"),
            () = self.closing.cancelled() => {}
        }
    }

    /// Opens the stream, and passes on what comes of it.
    async fn hear(&self, presented: Presented<'_>, outbox: &Outbox, is_again: bool) -> End {
        let Ok(mut get) = self.post(Vec::new(), "", &Map::new(), presented) else { return End::ForGood };
        *get.method_mut() = Method::GET;
        get.headers_mut().remove(header::CONTENT_TYPE);
        get.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let Ok(response) = self.connection.send(get).await else { return End::ForNow };
        let (head, body) = response.into_parts();
        match head.status {
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => return End::ForNow,
            status if !status.is_success() || !reply::is_stream(&head.headers) => return End::ForGood,
            _ => {}
        }
        if is_again && self.tell_missed(outbox).await.is_err() {
            return End::ForGood;
        }
        match reply::pass_on(body, outbox).await {
            Ok(Err(Gone)) => End::ForGood,
            ended => {
                tracing::info!(whole = ended.is_ok(), "the server tells of no more changes; it is asked again");
                End::ForNow
            }
        }
    }

    /// Nobody knows what changed while nothing was heard: each list may have.
    async fn tell_missed(&self, outbox: &Outbox) -> Result<(), Gone> {
        for list in self.spec.notifies {
            outbox.send(Change::List(*list).message().to_string()).await?;
        }
        Ok(())
    }
}
