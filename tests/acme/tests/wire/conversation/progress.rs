use serde_json::{Value, json};
use toolwright_tests::{Server, Transport};

use super::{ERAS, connect, hear, start};
use crate::ACME_TALK;

#[tokio::test]
async fn progress_is_told_to_who_wants_to_hear_of_it() {
    let server = start();
    let told = json!({"progress": [0, 12.5, 12.5, 3, 100]});
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| ERAS.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({})).await;
        for token in [json!("p1"), json!(7), json!("")] {
            let heard = hear(&mut client, "tell", told.clone(), json!({"progressToken": token})).await;
            let params: Vec<&Value> = heard.told.iter().map(|message| &message["params"]).collect();
            let progress = |done: Value| json!({"progressToken": token, "progress": done, "total": 100, "message": format!("{done} of acme's pages")});
            // Values increase.
            let expected = [progress(json!(0)), progress(json!(12.5)), progress(json!(100))];
            assert_eq!(params, expected.iter().collect::<Vec<_>>(), "{transport:?} {revision:?}");
            assert!(heard.told.iter().all(|message| message["method"] == "notifications/progress"), "{:?}", heard.told);
            assert_eq!(heard.reply.structured(), &json!({"told": true}));
            if transport == Transport::Http {
                assert_eq!(heard.media_type.as_deref(), Some("text/event-stream"));
                server.wait_for_line(&["operation=\"tell\"", "status=200", "outcome=\"ok\""]);
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_told_without_a_token_and_the_answer_is_json() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| ERAS.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({})).await;
        for token in [json!(null), json!(true), json!(1.5), json!([1])] {
            let heard = hear(&mut client, "tell", json!({"progress": [1]}), json!({"progressToken": token})).await;
            assert_eq!(heard.told, Vec::<Value>::new(), "{transport:?} {revision:?}: {token} is no token");
        }
        let heard = hear(&mut client, "tell", json!({"progress": [1, 2]}), json!({})).await;
        assert_eq!(heard.told, Vec::<Value>::new(), "{transport:?} {revision:?}");
        assert_eq!(heard.reply.structured(), &json!({"told": true}));
        if transport == Transport::Http {
            assert_eq!(heard.media_type.as_deref(), Some("application/json"), "{revision:?}");
        }
    }
}

#[tokio::test]
async fn no_progress_has_a_secret() {
    let server = Server::of(ACME_TALK).env("ACME_SECRET", "acme's pages").start();
    let mut client = connect(&server, Transport::Http, ERAS[0], json!({})).await;
    let heard = hear(&mut client, "tell", json!({"progress": [1]}), json!({"progressToken": 1})).await;
    assert_eq!(heard.told[0]["params"]["message"], "1 of [redacted]");
}
