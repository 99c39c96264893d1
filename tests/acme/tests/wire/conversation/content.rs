use serde_json::json;
use toolwright_tests::{Revision, Transport};

use super::{connect, start};

#[tokio::test]
async fn a_tool_answers_with_blocks_of_the_kinds_that_it_declares() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| Revision::ALL.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({})).await;
        let reply = client.call("draw", json!({})).await;
        let blocks = json!([
            {"type": "text", "text": "A dot:"},
            {"type": "image", "data": "AQID", "mimeType": "image/png"},
        ]);
        assert_eq!(reply.result()["content"], blocks, "{transport:?} {revision:?}");
        assert_eq!(reply.result().get("structuredContent"), None);
        let reply = client.call("draw", json!({"sound": true})).await;
        assert!(reply.is_tool_error(), "{reply:?}");
        assert!(reply.text().starts_with("internal: "), "{reply:?}");
    }
}
