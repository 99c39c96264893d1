//! Datasets of what was recorded, and rubrics.

use catalyst::Access;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{Api, answered, refused},
    spans::{span, span_id, table, trace_id},
    traffic::{failed, inference},
};

#[tokio::test]
async fn a_dataset_is_made_of_the_traffic_that_the_filters_match() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let agent = json!({"gen_ai.agent.name": "helper"});
    let other = json!({"gen_ai.request.model": "gpt-other", "expected": " Yes "});
    let unanswered = json!({"gen_ai.operation.name": "chat", "gen_ai.input.messages": "[]"});
    api.send(
        &key,
        "shop",
        &[
            inference(1, "the same", "first", json!({})),
            inference(
                2,
                "plain",
                "2",
                json!({"gen_ai.input.messages": [{"role": "user", "content": "plain content"}]}),
            ),
            inference(3, "of an agent", "3", agent),
            inference(4, "of another model", "no", other),
            failed(inference(5, "gone wrong", "5", json!({}))),
            inference(6, "the same", "last", json!({})),
            span(7, 7, None, 7, unanswered),
            inference(8, "counted", "8", json!({"expected": 8})),
        ],
    )
    .await;
    let fields = ["index", "input", "output", "expected"];
    for (filter, items, passed_over) in [
        (
            json!({}),
            json!([
                [0, "counted", "8", null],
                [1, "the same", "last", null],
                [2, "of another model", "no", null],
                [3, "of an agent", "3", null],
                [4, "plain content", "2", null],
            ]),
            2,
        ),
        (json!({"max_items": 2}), json!([[0, "counted", "8", null], [1, "the same", "last", null]]), 1),
        (json!({"agent": "helper"}), json!([[0, "of an agent", "3", null]]), 0),
        (json!({"model": "gpt-other"}), json!([[0, "of another model", "no", null]]), 0),
        (json!({"status": "error", "since": "2h"}), json!([[0, "gone wrong", "5", null]]), 0),
        (
            json!({"expected_from": "expected"}),
            json!([[0, "counted", "8", "8"], [1, "of another model", "no", "Yes"]]),
            5,
        ),
    ] {
        let mut body = json!({"name": format!("of {filter}"), "description": "a test"});
        body.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let created = api.post(&key, &api.path("datasets"), &body).await;
        assert_eq!(created["passed_over"], passed_over, "{filter}");
        let path = api.path(&format!("datasets/{}?limit=100", created["dataset"]["id"].as_str().unwrap()));
        let got = api.get(&key, &path).await;
        assert_eq!(got["dataset"], created["dataset"]);
        assert_eq!(table(&got["items"], &fields), items, "{filter}");
        assert_eq!(got["dataset"]["items"], items.as_array().unwrap().len(), "{filter}");
    }
    let listed = api.get(&key, &api.path("datasets?limit=4")).await;
    assert_eq!(listed["datasets"].as_array().unwrap().len(), 4);
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = api.get(&key, &api.path(&format!("datasets?limit=4&cursor={cursor}"))).await;
    assert_eq!(table(&rest["datasets"], &["name"]), json!([["of {\"max_items\":2}"], ["of {}"]]));
    assert_eq!(rest.get("next_cursor"), None);

    let of_agent = listed["datasets"].as_array().unwrap().iter().find(|it| it["name"] == "of {\"agent\":\"helper\"}");
    let id = of_agent.unwrap()["id"].as_str().unwrap();
    let items = api.get(&key, &api.path(&format!("datasets/{id}"))).await["items"].clone();
    assert_eq!(items[0]["inference_id"], format!("{}-{}", trace_id(3), span_id(3)));
    for (query, count) in [("offset=1", 0), ("limit=0", 0), ("limit=1", 1)] {
        let items = api.get(&key, &api.path(&format!("datasets/{id}?{query}"))).await["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), count, "{query}");
    }
    api.stop().await;
}

#[tokio::test]
async fn a_dataset_that_cannot_be_made_leaves_nothing() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    api.send(&key, "shop", &[inference(1, "a", "b", json!({}))]).await;
    let body = json!({"name": "taken"});
    api.post(&key, &api.path("datasets"), &body).await;
    let taken = "the project has a dataset `taken` already; choose another name";
    let nothing = "no inference gives an item: 0 match the filters, and none of them has all that is needed recorded; \
                   widen the filters";
    for (body, status, message) in [
        (body, 409, taken),
        (json!({"name": "new", "model": "unknown"}), 409, nothing),
        (json!({"name": "new", "until": "2020-01-01"}), 409, nothing),
        (json!({"name": " "}), 422, "`name`: write 1 to 120 characters in one line"),
        (json!({"name": "a\nb"}), 422, "`name`: write 1 to 120 characters in one line"),
        (json!({"name": "new", "max_items": 10_001}), 422, "`max_items`: write a number from 1 to 10000"),
        (json!({"name": "new", "max_items": 0}), 422, "`max_items`: write a number from 1 to 10000"),
        (json!({"name": "new", "since": "soon"}), 422, "`since`: write a time back"),
        (json!({"name": "new", "modle": "x"}), 422, "`modle`: unknown field"),
        (json!({"name": "new", "description": ""}), 422, "`description`: write 1 to 1000 characters, or leave it out"),
    ] {
        let refusal = api.post_refused(&key, &api.path("datasets"), &body).await;
        assert!(
            (refusal.0, &refusal.2[..message.len().min(refusal.2.len())]) == (status, message),
            "{body}: {refusal:?}"
        );
    }
    assert_eq!(api.get(&key, &api.path("datasets")).await["datasets"].as_array().unwrap().len(), 1);
    api.stop().await;
}

#[tokio::test]
async fn a_rubric_is_kept_as_it_was_written() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let checks = json!([
        {"type": "exact"},
        {"type": "contains", "text": "sorry", "ignore_case": false},
        {"type": "regex", "pattern": "^h"},
        {"type": "json_schema", "schema": {"type": "object", "properties": {"b": {}, "a": {}}}},
        {"type": "judge", "instructions": "It is polite."},
    ]);
    let created = api.post(&key, &api.path("rubrics"), &json!({"name": " Polite ", "checks": checks})).await;
    assert_eq!((&created["name"], &created["checks"]), (&json!("Polite"), &checks));
    let id = created["id"].as_str().unwrap();
    assert_eq!(api.get(&key, &api.path(&format!("rubrics/{id}"))).await, created);
    assert_eq!(api.get(&key, &api.path("rubrics")).await, json!({"rubrics": [created]}));

    let regex = json!({"name": "new", "checks": [{"type": "exact"}, {"type": "regex", "pattern": "("}]});
    for (body, status, message) in [
        (json!({"name": "Polite", "checks": [{"type": "exact"}]}), 409, "the project has a rubric `Polite` already"),
        (regex, 422, "`checks[1].pattern`: it is no expression that can be used: unclosed group"),
        (json!({"name": "new", "checks": []}), 422, "`checks`: give 1 to 20 checks"),
        (json!({"name": "new", "checks": [{"type": "other"}]}), 422, "`checks[0].type`: unknown variant `other`"),
        (json!({"name": "new", "checks": [{"type": "regex"}]}), 422, "`checks[0]`: missing field `pattern`"),
        (json!({"name": "new", "checks": [{"type": "exact", "text": "x"}]}), 422, "`checks[0]`: unknown field `text`"),
    ] {
        let refusal = api.post_refused(&key, &api.path("rubrics"), &body).await;
        assert!(refusal.0 == status && refusal.2.starts_with(message), "{body}: {refusal:?}");
    }
    api.stop().await;
}

/// Whoever may not write learns nothing by trying, and what is another project's is not there.
#[tokio::test]
async fn only_who_may_write_makes_anything_and_only_in_the_project() {
    let api = Api::start().await;
    let (writer, reader) = (api.demo_key(Access::Write).await, api.demo_key(Access::Read).await);
    let other = api.key(&[("other", Access::Write)], None).await;
    api.send(&writer, "shop", &[inference(1, "a", "b", json!({}))]).await;
    let dataset = api.post(&writer, &api.path("datasets"), &json!({"name": "ours"})).await["dataset"]["id"].clone();
    let rubric = api.rubric(&writer, "ours", json!([{"type": "exact"}])).await;
    let dataset = dataset.as_str().unwrap();
    for (method, path) in [
        (Method::POST, "datasets"),
        (Method::POST, "rubrics"),
        (Method::POST, "evals"),
        (Method::POST, "training-jobs"),
        (Method::POST, "training-jobs/job_absent/cancel"),
        (Method::POST, "deployments"),
        (Method::PATCH, "deployments/dep_absent"),
    ] {
        // The body is none, which nobody is told who may not write.
        let request = api.request(&reader, method, &api.path(path)).body("{");
        assert_eq!(refused(request).await, (403, "insufficient_permission".to_owned()), "{path}");
    }
    let of_other = |path: &str| format!("/v1/projects/{}/{path}", api.other);
    for path in [
        format!("datasets/{dataset}"),
        format!("rubrics/{rubric}"),
        "evals/eval_absent".to_owned(),
        "training-jobs/job_absent".to_owned(),
        "deployments/dep_absent".to_owned(),
    ] {
        let (status, code) = refused(api.request(&other, Method::GET, &of_other(&path))).await;
        assert_eq!((status, code), (404, "not_found".to_owned()), "{path}");
    }
    let eval = json!({"dataset_id": dataset, "rubric_id": rubric});
    assert_eq!(api.post_refused(&other, &of_other("evals"), &eval).await.0, 404);
    let job = json!({"dataset_id": dataset});
    assert_eq!(api.post_refused(&other, &of_other("training-jobs"), &job).await.0, 404);
    let (status, models) = answered(api.request(&other, Method::GET, &of_other("models"))).await;
    let only_base: Value = json!([["text-classifier", "base", 0]]);
    assert_eq!((status, table(&models["models"], &["id", "kind", "inferences"])), (200, only_base));
    api.stop().await;
}
