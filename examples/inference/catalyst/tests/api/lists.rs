//! Lists: filters, pages, and what they refuse.

use catalyst::Access;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{Api, refused},
    spans::{span, span_id, table, trace_id, with},
};

/// 30 traces of two agents with one name in two services, and one with another; every third inference fails, the older ones for
/// a reason that they name.
async fn filled() -> (Api, secrecy::SecretString) {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    for (service, name, traces) in [("shop", "support", 0..15), ("bank", "support", 15..20), ("shop", "writer", 20..30)]
    {
        let spans = traces.flat_map(|trace: u32| {
            let after = u64::from(trace) * 1000;
            let agent = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name});
            let (is_even, is_failed) = (trace.is_multiple_of(2), trace.is_multiple_of(3));
            let mut chat =
                json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": if is_even { "even" } else { "odd" }});
            if is_failed && trace < 20 {
                chat["error.type"] = "rate_limited".into();
            }
            let status = if is_failed { json!({"code": 2, "message": format!("failed {trace}")}) } else { json!({}) };
            let chat = with(span(trace, 2, Some(1), after + 1, chat), json!({"status": status}));
            [span(trace, 1, None, after, agent), chat]
        });
        api.send(&key, service, &spans.collect::<Vec<_>>()).await;
    }
    (api, key)
}

#[tokio::test]
async fn pages_together_are_the_list() {
    let (api, key) = filled().await;
    let project = format!("/v1/projects/{}", api.demo);
    for (path, things, id, count) in [
        ("traces?agent=support", "traces", "trace_id", 20),
        ("traces?", "traces", "trace_id", 30),
        ("spans?", "spans", "started_at", 60),
        ("inferences?status=error", "inferences", "id", 10),
        ("agents?", "agents", "id", 3),
    ] {
        let mut listed = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = api.get(&key, &format!("{project}/{path}&limit=2{cursor}")).await;
            let ids = page[things].as_array().unwrap().iter().map(|thing| thing[id].as_str().unwrap().to_owned());
            let before = listed.len();
            listed.extend(ids);
            assert!(before < listed.len(), "{path}: a page without anything");
            assert!(listed.len() <= count, "{path}: {listed:?}");
            let Some(next) = page.get("next_cursor") else { break };
            cursor = format!("&cursor={}", next.as_str().unwrap());
        }
        let whole = api.get(&key, &format!("{project}/{path}&limit=100")).await;
        let expected: Vec<_> =
            whole[things].as_array().unwrap().iter().map(|thing| thing[id].as_str().unwrap()).collect();
        assert_eq!((listed.len(), whole.get("next_cursor")), (count, None), "{path}");
        assert_eq!(listed, expected, "{path}");
    }
    api.stop().await;
}

#[tokio::test]
async fn a_filter_leaves_what_it_says() {
    let (api, key) = filled().await;
    let project = format!("/v1/projects/{}", api.demo);
    let agents = api.get(&key, &format!("{project}/agents")).await;
    let expected = json!([["support", "shop", 15], ["writer", "shop", 10], ["support", "bank", 5]]);
    assert_eq!(table(&agents["agents"], &["name", "service", "executions"]), expected);
    let bank = agents["agents"][2]["id"].as_str().unwrap();
    for (path, things, count) in [
        (format!("traces?agent={bank}"), "traces", 5),
        ("traces?agent=supp".to_owned(), "traces", 0),
        ("traces?status=error".to_owned(), "traces", 0),
        ("traces?since=2h&until=1m&limit=100".to_owned(), "traces", 30),
        ("traces?since=1m".to_owned(), "traces", 0),
        ("traces?until=2000-01-01".to_owned(), "traces", 0),
        (format!("spans?trace_id={}", trace_id(7)), "spans", 2),
        ("spans?kind=agent&limit=100".to_owned(), "spans", 30),
        ("spans?kind=tool".to_owned(), "spans", 0),
        ("spans?min_duration_ms=100&limit=100".to_owned(), "spans", 60),
        ("spans?min_duration_ms=101".to_owned(), "spans", 0),
        (format!("spans?agent={bank}&status=error"), "spans", 2),
        ("inferences?model=odd&limit=100".to_owned(), "inferences", 15),
        ("inferences?model=odd&status=error&agent=writer".to_owned(), "inferences", 2),
    ] {
        let answer = api.get(&key, &format!("{project}/{path}")).await;
        assert_eq!(answer[things].as_array().unwrap().len(), count, "{path}");
    }
    let of_trace = api.get(&key, &format!("{project}/spans?trace_id={}", trace_id(7))).await;
    assert_eq!(table(&of_trace["spans"], &["span_id"]), json!([[span_id(1)], [span_id(2)]]));
    let slowest = api.get(&key, &format!("{project}/traces/slowest?limit=3")).await;
    let newest: Vec<_> = [29, 28, 27].map(|trace| json!([trace_id(trace), 101.0])).into();
    assert_eq!(table(&slowest["traces"], &["trace_id", "duration_ms"]), json!(newest));
    api.stop().await;
}

#[tokio::test]
async fn errors_are_summed_up_by_kind() {
    let (api, key) = filled().await;
    let summary = |query: &'static str| {
        let path = format!("/v1/projects/{}/inferences/errors?{query}", api.demo);
        let (api, key) = (&api, &key);
        async move { api.get(key, &path).await }
    };
    let all = summary("").await;
    assert_eq!((&all["inferences"], &all["errors"]), (&json!(30), &json!(10)));
    let expected = json!([
        ["rate_limited", "failed 18", 7, ["even", "odd"], ["support"]],
        ["unknown", "failed 27", 3, ["even", "odd"], ["writer"]],
    ]);
    assert_eq!(table(&all["groups"], &["error_type", "message", "count", "models", "agents"]), expected);
    let newest = all["groups"][0]["inference_ids"].as_array().unwrap();
    assert_eq!((newest.len(), &newest[0]), (5, &json!(format!("{}-{}", trace_id(18), span_id(2)))));
    let last = summary("last=4&agent=writer").await;
    assert_eq!((&last["inferences"], &last["errors"]), (&json!(4), &json!(1)));
    assert_eq!(summary("model=none").await, json!({"inferences": 0, "errors": 0, "groups": []}));
    api.stop().await;
}

#[tokio::test]
async fn what_is_not_there_or_does_not_fit_is_refused() {
    let (api, key) = filled().await;
    let project = format!("/v1/projects/{}", api.demo);
    let (missing, invalid) = ((404, "not_found"), (422, "invalid"));
    for (path, expected) in [
        (format!("/traces/{}", trace_id(99)), missing),
        (format!("/traces/{}/spans/{}", trace_id(1), span_id(9)), missing),
        (format!("/inferences/{}-{}", trace_id(1), span_id(1)), missing),
        ("/inferences/nonsense".to_owned(), missing),
        ("/nothing".to_owned(), missing),
        ("/traces?limit=0".to_owned(), invalid),
        ("/traces?limit=101".to_owned(), invalid),
        ("/traces?limit=x".to_owned(), invalid),
        ("/traces?cursor=x".to_owned(), invalid),
        // A cursor of another list.
        ("/traces?cursor=WzEsMl0".to_owned(), invalid),
        ("/traces?status=good".to_owned(), invalid),
        ("/traces?state=ok".to_owned(), invalid),
        ("/traces?since=yesterday".to_owned(), invalid),
        ("/agents?since=1y".to_owned(), invalid),
        ("/spans?kind=http".to_owned(), invalid),
        ("/inferences/errors?last=1001".to_owned(), invalid),
    ] {
        let (status, code) = refused(api.request(&key, Method::GET, &format!("{project}{path}"))).await;
        assert_eq!((status, code.as_str()), expected, "{path}");
    }
    // A cursor that nobody was given, after which nothing comes: of the least number that there is.
    let last = api.get(&key, &format!("{project}/agents?cursor=Wy05MjIzMzcyMDM2ODU0Nzc1ODA4LCJ4Il0")).await;
    assert_eq!(last, json!({"agents": []}));
    // Another project, to which the key has no grant, is as one that there is not; and its things are nobody else's.
    let foreign = format!("/v1/projects/{}/traces/nothing", api.foreign);
    assert_eq!(refused(api.request(&key, Method::GET, &foreign)).await.0, 404);
    let elsewhere = api.key(&[("other", Access::Write)], None).await;
    let answer: Value = api.get(&elsewhere, &format!("/v1/projects/{}/traces", api.other)).await;
    assert_eq!(answer, json!({"traces": []}));
    let one = format!("/v1/projects/{}/traces/{}", api.other, trace_id(1));
    assert_eq!(refused(api.request(&elsewhere, Method::GET, &one)).await.0, 404);
    let (status, code) = refused(api.request(&key, Method::DELETE, &format!("{project}/traces"))).await;
    assert_eq!((status, code.as_str()), (405, "method_not_allowed"));
    api.stop().await;
}
