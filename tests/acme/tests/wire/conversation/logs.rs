use serde_json::{Value, json};
use toolwright_tests::{Client, Heard, Revision, Server, Transport};

use super::{connect, hear, start};
use crate::{ACME, PREFIX};

const LEVEL: &str = "io.modelcontextprotocol/logLevel";
const INVALID_PARAMS: i64 = -32602;
const METHOD_NOT_FOUND: i64 = -32601;

/// One message of each level.
fn all() -> Value {
    let levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
    json!({"logs": levels.map(|level| [level.to_owned(), format!("it is {level}")])})
}

fn levels(heard: &Heard) -> Vec<&str> {
    for message in &heard.told {
        assert_eq!(message["method"], "notifications/message");
        assert_eq!(message["params"]["logger"], "tell");
        let level = message["params"]["level"].as_str().expect("a level");
        assert_eq!(message["params"]["data"], format!("it is {level}"));
    }
    heard.told.iter().filter_map(|message| message["params"]["level"].as_str()).collect()
}

async fn set_level(client: &mut Client, level: &str) -> Option<i64> {
    let reply = client.request("logging/setLevel", json!({"level": level})).await;
    if reply.error_code().is_none() {
        assert_eq!(reply.result(), &json!({}));
    }
    reply.error_code()
}

#[tokio::test]
async fn an_older_client_hears_what_it_has_asked_for() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = connect(&server, transport, Revision::V2025_11_25, json!({})).await;
        let heard = hear(&mut client, "tell", all(), json!({})).await;
        assert_eq!(levels(&heard)[..2], ["info", "notice"], "{transport:?}: nothing was asked for");
        for (level, expected) in [("error", 4), ("debug", 8), ("emergency", 1), ("info", 7)] {
            assert_eq!(set_level(&mut client, level).await, None);
            let heard = hear(&mut client, "tell", all(), json!({})).await;
            assert_eq!(levels(&heard).len(), expected, "{transport:?} {level}");
            assert_eq!(levels(&heard)[0], level);
        }
        for level in ["loud", "", "INFO"] {
            assert_eq!(set_level(&mut client, level).await, Some(INVALID_PARAMS), "{transport:?} {level}");
        }
    }
}

#[tokio::test]
async fn a_level_is_its_clients_own() {
    let server = start();
    let mut one = connect(&server, Transport::Http, Revision::V2025_11_25, json!({})).await;
    let mut other = connect(&server, Transport::Http, Revision::V2025_11_25, json!({})).await;
    set_level(&mut one, "alert").await;
    assert_eq!(levels(&hear(&mut one, "tell", all(), json!({})).await).len(), 2);
    assert_eq!(levels(&hear(&mut other, "tell", all(), json!({})).await).len(), 7);
}

#[tokio::test]
async fn a_newer_client_says_it_with_each_request() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = connect(&server, transport, Revision::V2026_07_28, json!({})).await;
        let heard = hear(&mut client, "tell", all(), json!({})).await;
        assert_eq!(levels(&heard), Vec::<&str>::new(), "{transport:?}: silent");
        let heard = hear(&mut client, "tell", all(), json!({LEVEL: "critical"})).await;
        assert_eq!(levels(&heard), ["critical", "alert", "emergency"], "{transport:?}");
        for level in [json!("loud"), json!("INFO"), json!(3), json!(null)] {
            let heard = hear(&mut client, "tell", all(), json!({LEVEL: level})).await;
            assert_eq!(heard.reply.error_code(), Some(INVALID_PARAMS), "{transport:?} {level}");
        }
        assert_eq!(set_level(&mut client, "info").await, Some(METHOD_NOT_FOUND), "{transport:?}");
    }
}

#[tokio::test]
async fn no_log_has_a_secret() {
    let server = start();
    let token = server.first_token(PREFIX);
    for transport in Transport::ALL {
        let mut client = connect(&server, transport, Revision::V2025_11_25, json!({})).await;
        let heard =
            hear(&mut client, "tell", json!({"logs": [["error", format!("the key {token} fails")]]}), json!({})).await;
        assert_eq!(heard.told[0]["params"]["data"], "the key [redacted] fails", "{transport:?}");
    }
}

#[tokio::test]
async fn a_server_whose_tools_log_announces_it() {
    let server = start();
    let token = server.first_token(PREFIX);
    for revision in super::ERAS {
        let mut client = Client::http(server.url(), Some(&token), revision);
        assert_eq!(client.open().await.result()["capabilities"]["logging"], json!({}), "{revision:?}");
    }
}

#[tokio::test]
async fn a_tool_logs_only_if_it_declares_so() {
    let server = start();
    let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, json!({})).await;
    let heard = hear(&mut client, "draw", json!({"sound": true}), json!({})).await;
    assert_eq!(heard.told, Vec::<Value>::new());
    server.wait_for_line(&["a tool logs to its client that does not declare `logs`", "draw"]);
}

#[tokio::test]
async fn a_server_whose_tools_log_nothing_knows_no_levels() {
    let server = Server::of(ACME).start();
    for transport in Transport::ALL {
        let mut older = connect(&server, transport, Revision::V2025_11_25, json!({})).await;
        assert_eq!(set_level(&mut older, "info").await, Some(METHOD_NOT_FOUND), "{transport:?}");
        let mut newer = connect(&server, transport, Revision::V2026_07_28, json!({})).await;
        let heard = hear(&mut newer, "whoami", json!({}), json!({LEVEL: "loud"})).await;
        assert_eq!(heard.reply.error_code(), None, "{transport:?}: {:?}", heard.reply);
    }
}
