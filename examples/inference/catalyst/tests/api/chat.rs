//! Chat completions, which deployments answer.

use catalyst::Access;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{Api, answered, refused},
    spans::{span, span_id, table, trace_id},
    traffic::fields,
};

const PATH: &str = "/v1/chat/completions";

fn question(model: &str, text: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn a_deployment_answers_and_each_request_is_an_inference() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let (deployment, model) = api.deployment(&key, "support-intents").await;
    let mut body = question("support-intents", "I want my money back, please");
    body.as_object_mut().unwrap().extend([("temperature".to_owned(), json!(0)), ("logprobs".to_owned(), json!(true))]);
    let answer = api.post(&key, PATH, &body).await;
    assert_eq!((&answer["object"], &answer["model"]), (&json!("chat.completion"), &json!("support-intents")));
    assert_eq!(answer["usage"], json!({"prompt_tokens": 6, "completion_tokens": 1, "total_tokens": 7}));
    let choice = &answer["choices"][0];
    let message = json!({"role": "assistant", "content": "refund", "refusal": null});
    assert_eq!((&choice["message"], &choice["finish_reason"]), (&message, &json!("stop")));
    let logprob = choice["logprobs"]["content"][0]["logprob"].as_f64().unwrap();
    assert!(logprob < 0.0 && logprob > 0.5_f64.ln(), "{choice}");
    assert!(answer["created"].as_i64().unwrap() > 1_700_000_000);

    // Another form of messages, and a trace that it is part of.
    let parent = span(900, 1, None, 0, json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "router"}));
    api.send(&key, "shop", &[parent]).await;
    let parts = json!([{"role": "system", "content": "Route."},
                       {"role": "user", "content": [{"type": "text", "text": "where is my parcel"}]}]);
    let request = api.request(&key, Method::POST, PATH);
    let request = request.header("traceparent", format!("00-{}-{}-01", trace_id(900), span_id(1)));
    let (status, answer) = answered(request.json(&json!({"model": "support-intents", "messages": parts}))).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("delivery")), "{answer}");
    assert_eq!(answer["choices"][0]["logprobs"], json!(null));

    let inferences = api.get(&key, &api.path(&format!("inferences?model={model}"))).await;
    let columns = ["service", "agent", "status", "finish_reason", "input_tokens", "output_tokens"];
    let expected = json!([["catalyst", "router", "ok", "stop", 4, 1], ["catalyst", null, "ok", "stop", 6, 1],]);
    assert_eq!(table(&inferences["inferences"], &columns), expected);
    let newest = &inferences["inferences"][0];
    assert_eq!(newest["trace_id"], trace_id(900));
    let id = newest["id"].as_str().unwrap();
    let inference = api.get(&key, &api.path(&format!("inferences/{id}"))).await;
    let text = |text| json!([{"type": "text", "content": text}]);
    let input =
        json!([{"role": "system", "parts": text("Route.")}, {"role": "user", "parts": text("where is my parcel")}]);
    assert_eq!(inference["input"], input);
    assert_eq!(inference["output"], json!([{"role": "assistant", "parts": text("delivery"), "finish_reason": "stop"}]));

    let told = api.get(&key, &api.path(&format!("deployments/{deployment}"))).await;
    assert_eq!(fields(&told["deployment"], &["requests"]), json!({"requests": 2}));
    assert!(told["deployment"]["last_request_at"].is_string());
    assert_eq!(told["model"]["inferences"], 2);
    api.stop().await;
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_and_not_counted() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let (deployment, model) = api.deployment(&key, "intents").await;
    let with = |field: &str, value: Value| {
        let mut body = question("intents", "Where?");
        body[field] = value;
        body
    };
    for (body, status, message) in [
        (question("absent", "Where?"), 404, "there is no deployment `absent`"),
        (question(&model, "Where?"), 404, "there is no deployment `ft-"),
        (question("intents", " "), 422, "`messages`: send one with the role `user` and a text"),
        (with("messages", json!([])), 422, "`messages`: send one with the role `user` and a text"),
        (with("messages", json!("Where?")), 422, "`messages`: invalid type"),
        (with("stream", json!(true)), 422, "`stream`: the model answers at once, and never in parts; leave it out"),
        (with("n", json!(2)), 422, "`n`: the model has one answer; leave it out"),
    ] {
        let refusal = api.post_refused(&key, PATH, &body).await;
        assert!(refusal.0 == status && refusal.2.starts_with(message), "{body}: {refusal:?}");
    }
    // Little text, of which the inference that is kept would be large.
    let mut messages = vec![json!(1); 160_000];
    messages.push(json!({"role": "user", "content": "Where?"}));
    let refusal = api.post_refused(&key, PATH, &with("messages", messages.into())).await;
    assert!(refusal.0 == 409 && refusal.2.ends_with("it is larger than 4 MiB"), "{refusal:?}");
    let reader = api.demo_key(Access::Read).await;
    let request = api.request(&reader, Method::POST, PATH).json(&question("intents", "Where?"));
    assert_eq!(refused(request).await, (403, "insufficient_permission".to_owned()));
    let elsewhere = api.key(&[("other", Access::Write)], None).await;
    assert_eq!(api.post_refused(&elsewhere, PATH, &question("intents", "Where?")).await.0, 404);

    let path = api.path(&format!("deployments/{deployment}"));
    answered(api.request(&key, Method::PATCH, &path).json(&json!({"status": "stopped"}))).await;
    let refusal = api.post_refused(&key, PATH, &question("intents", "Where?")).await;
    let message = "the deployment `intents` is stopped; set its status to `running` first";
    assert_eq!(refusal, (409, "wrong_state".to_owned(), message.to_owned()));
    assert_eq!(api.get(&key, &path).await["deployment"]["requests"], 0);
    answered(api.request(&key, Method::PATCH, &path).json(&json!({"status": "running"}))).await;
    api.post(&key, PATH, &question("intents", "Where?")).await;
    api.stop().await;
}
