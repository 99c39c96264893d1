//! What whoever runs a server before an API asks of it.

use serde_json::json;
use tokio::task::JoinSet;
use toolwright_tests::{
    Numbers, Server,
    collector::{Collector, hex},
    raw,
};

use crate::{
    ALL, BASE_URL, FORWARDER, HASTY,
    api::{Api, Says},
    before, http, key,
};

async fn get(authority: &str, path: &str) -> raw::RawReply {
    raw::send(authority, &raw::request(authority, &format!("GET {path}"), &[("Content-Length", "-")], b"")).await
}

#[tokio::test]
async fn a_server_is_ready_whose_api_does_not_answer() {
    // Nobody listens there. Balancers would take out every instance, and nobody could say what is wrong.
    let server = Server::of(FORWARDER).env(BASE_URL, "http://127.0.0.1:9").start();
    assert_eq!(http(&server, &key('a')).list().await.status, Some(502));
    assert_eq!(get(server.authority(), "/readyz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_api_hangs_all_else_goes_on_and_nothing_is_left_of_it() {
    const CALLS: usize = 40;
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, HASTY).arg("--operations-listen=127.0.0.1:0").start();
    let line = server.wait_for_line(&["operations on http://"]);
    let (_, operations) = line.split_once("operations on http://").expect("what was waited for");
    assert_eq!(http(&server, &ada).call("list_notes", json!({})).await.status, Some(200));

    let before_hanging = api.asked().len();
    api.say("GET /v1/notes ", Says::Nothing);
    let mut hanging = JoinSet::new();
    for _ in 0..CALLS {
        let mut client = http(&server, &ada);
        hanging.spawn(async move { client.call("list_notes", json!({})).await });
    }
    api.wait_for(before_hanging + CALLS).await;
    // Other tools of the same key, other keys, and a balancer are answered meanwhile.
    let (bob, mut client) = (key('b'), http(&server, &ada));
    api.grant(&bob, "bob", &ALL);
    assert_eq!(client.call("get_note", json!({"note_id": "n_1"})).await.structured()["text"], "ada");
    assert_eq!(http(&server, &bob).call("whoami", json!({})).await.structured()["owner"], "bob");
    assert_eq!(get(server.authority(), "/readyz").await.status, 200);
    while let Some(told) = hanging.join_next().await {
        let told = told.expect("a call");
        let code = told.text().split(':').next().unwrap_or_default();
        assert!(told.is_tool_error() && ["timed_out", "unavailable"].contains(&code), "{told:?}");
    }

    api.recover();
    assert_eq!(client.call("list_notes", json!({})).await.structured()["notes"][0]["text"], "ada");
    let numbers = Numbers::parse(&get(operations, "/metrics").await.body);
    assert_eq!(numbers.sum("toolwright_requests_in_flight", &[]), 0);
}

#[tokio::test]
async fn it_is_counted_how_often_the_api_had_to_be_asked() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).arg("--operations-listen=127.0.0.1:0").start();
    let line = server.wait_for_line(&["operations on http://"]);
    let (_, operations) = line.split_once("operations on http://").expect("what was waited for");
    for _ in 0..4 {
        assert_eq!(http(&server, &ada).call("list_notes", json!({})).await.status, Some(200));
    }
    assert_eq!(http(&server, &key('b')).list().await.status, Some(401), "and this is not remembered");
    assert_eq!(http(&server, &key('b')).list().await.status, Some(401));
    let numbers = Numbers::parse(&get(operations, "/metrics").await.body);
    let lookups = |result| numbers.sum("toolwright_credential_cache_lookups", &[("result", result)]);
    assert_eq!((lookups("hit"), lookups("miss")), (3, 3));
    assert_eq!(numbers.sum("toolwright_denials", &[("reason", "unknown_credential")]), 2);
}

#[tokio::test]
async fn the_api_is_told_what_a_call_belongs_to() {
    let collector = Collector::start().await;
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let traced = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address()), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    let server = traced.iter().fold(before(&api, FORWARDER), |server, (name, value)| server.env(name, value)).start();
    assert_eq!(http(&server, &ada).call("list_notes", json!({})).await.status, Some(200));
    let handler = collector.span("execute_tool list_notes").await;
    let expected = format!("00-{}-{}-01", hex(&handler.trace_id), hex(&handler.span_id));
    let told: Vec<_> = api.asked().iter().filter_map(|asked| asked.header("traceparent").map(str::to_owned)).collect();
    assert_eq!(told, [expected], "and not when it is asked whose a key is, which is remembered for others");
    assert!(!collector.text().contains(&ada), "the key is in no span");

    let untraced = before(&api, FORWARDER).start();
    http(&untraced, &ada).call("list_notes", json!({})).await;
    let told = api.asked().iter().filter(|asked| asked.header("traceparent").is_some()).count();
    assert_eq!(told, 1);
}
