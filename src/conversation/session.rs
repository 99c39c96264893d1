//! What a client of the older revisions has said in its handshake, for the requests that follow: sealed, and kept by the client
//! itself as the id of its session. Nothing is stored, and every instance of a server can read it.

use http::HeaderName;
use rand::rngs::SysError;
use rmcp::model::SealOptions;

use super::capabilities::Capabilities;
use crate::{
    credential::{Credential, random_text},
    seal::Purpose,
};

/// Where the id stands.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("mcp-session-id");

/// How many random characters make two sessions different.
const RANDOM: usize = 22;

/// The id of a new session. With another credential, or on another server, it is none.
///
/// # Errors
/// When the operating system has no randomness.
pub(crate) fn begin(server: &str, credential: &Credential, capabilities: Capabilities) -> Result<String, SysError> {
    let mut content = vec![capabilities.to_byte()];
    content.extend(random_text(RANDOM)?.into_bytes());
    Ok(Purpose::Session.codec(credential).seal_with(&content, &SealOptions::new().associated_data(server.as_bytes())))
}

/// What the client of a session can do, if the id is one of this server and this credential.
pub(crate) fn read(server: &str, credential: &Credential, id: &str) -> Option<Capabilities> {
    let content = Purpose::Session.codec(credential).open_with(id, server.as_bytes()).ok()?;
    content.first().copied().map(Capabilities::from_byte)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_session_is_of_one_server_and_one_credential() {
        let [own, other] = ["own", "other"].map(Credential::new);
        for declared in [json!({}), json!({"sampling": {}}), json!({"roots": {}, "elicitation": {}})] {
            let can = Capabilities::of(Some(&declared));
            let id = begin("here", &own, can).expect("randomness");
            assert_eq!(read("here", &own, &id), Some(can), "{declared}");
            assert_eq!(read("there", &own, &id), None, "{declared}");
            assert_eq!(read("here", &other, &id), None, "{declared}");
        }
    }
}
