//! What goes to a client before the answer to its request, in its order.

use serde_json::Value;
use tokio::sync::mpsc;

/// How many messages wait for a client to read them.
const WAITING: usize = 256;

/// Takes the messages of one request. Without a reader, it takes none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox(Option<mpsc::Sender<String>>);

/// The messages of one request, each the text of a JSON-RPC message in one line.
pub(crate) type Messages = mpsc::Receiver<String>;

/// The client is not reached any more.
#[derive(Debug)]
pub(crate) struct Gone;

/// An outbox, and what is read from it.
pub(crate) fn channel() -> (Outbox, Messages) {
    let (sender, messages) = mpsc::channel(WAITING);
    (Outbox(Some(sender)), messages)
}

impl Outbox {
    /// Sends a message that the client can do without: it is left out when too many wait already, so that a client that does not
    /// read stalls nobody.
    pub(crate) fn offer(&self, message: &Value) {
        if let Some(sender) = &self.0 {
            // Nobody is told that a word about the work was not read.
            let _ = sender.try_send(message.to_string());
        }
    }

    /// Sends a message once there is room for it.
    ///
    /// # Errors
    /// When the client is not reached any more.
    pub(crate) async fn send(&self, message: String) -> Result<(), Gone> {
        let Some(sender) = &self.0 else { return Err(Gone) };
        sender.send(message).await.map_err(|_| Gone)
    }
}
