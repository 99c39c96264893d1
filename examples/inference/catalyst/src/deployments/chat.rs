//! Chat completions: how a deployment is asked, in the shape of OpenAI's API,
//! <https://platform.openai.com/docs/api-reference/chat/create>.
//!
//! A deployment's model gives the last message of a person one of the answers that it knows. Each request is kept as an
//! inference, in the trace that its `traceparent` names, or in one of its own.

use std::sync::Arc;

use anyhow::Context as _;
use axum::{Extension, Json, Router, extract::DefaultBodyLimit, routing::post};
use http::HeaderMap;
use moka::future::Cache;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

use super::Deployment;
use crate::{
    access::{Reading, Writing},
    classifier::{Classifier, Prediction},
    error::ApiError,
    extract::Body,
    id, messages, models, time,
    traces::intake,
};

/// How large a body can be: kept as an inference, it must be no larger than a span.
const BODY_LIMIT: usize = 1 << 20;

/// How many models are kept in memory.
const KEPT_MODELS: u64 = 16;

/// What the service calls itself in the inferences that it records.
const SERVICE: &str = "catalyst";

/// Models that were asked lately, by id. What an id means never changes.
type Kept = Cache<String, Arc<Classifier>>;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(Extension(Kept::new(KEPT_MODELS)))
}

/// A request. What else clients send, as `temperature`, makes no difference to such a model.
#[derive(Debug, Deserialize)]
struct Request {
    /// The deployment's name.
    model: String,
    messages: Vec<Value>,
    stream: Option<bool>,
    n: Option<u32>,
    logprobs: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Completion {
    id: String,
    object: &'static str,
    /// Seconds since 1970.
    created: i64,
    /// The deployment's name, as it was asked.
    model: String,
    choices: [Choice; 1],
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Choice {
    index: u32,
    message: Message,
    logprobs: Option<Value>,
    finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Message {
    role: &'static str,
    content: String,
    refusal: Option<String>,
}

/// Tokens, which are words: the model knows no others.
#[derive(Debug, Clone, Copy, Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

async fn complete(
    reading: Reading,
    writing: Writing,
    Extension(kept): Extension<Kept>,
    headers: HeaderMap,
    Body(request): Body<Request>,
) -> Result<Json<Completion>, ApiError> {
    let began = time::now();
    if request.stream == Some(true) {
        return Err(ApiError::invalid("stream", "the model answers at once, and never in parts; leave it out"));
    }
    if request.n.is_some_and(|choices| choices != 1) {
        return Err(ApiError::invalid("n", "the model has one answer; leave it out"));
    }
    let messages = Value::Array(request.messages);
    let question = messages::question(&messages)
        .ok_or_else(|| ApiError::invalid("messages", "send one with the role `user` and a text"))?;

    let (deployment, classifier) = {
        let mut view = reading.snapshot().await?;
        let deployment = Deployment::find(&mut view, &reading.project, "name", &request.model).await?;
        deployment.must_run()?;
        let load = async { models::classifier(&mut view, &deployment.model_id).await.map(Arc::new) };
        let classifier = kept.try_get_with_by_ref(&deployment.model_id, load).await;
        let classifier = classifier.map_err(|error| anyhow::anyhow!("a model cannot be loaded: {error}"))?;
        (deployment, classifier)
    };
    let Prediction { label, probability } = classifier.predict(&question);
    let (prompt_tokens, completion_tokens) = (words(&question), words(label));
    let usage = Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
    let completion = Completion {
        id: id::new("chatcmpl"),
        object: "chat.completion",
        created: time::instant(began).as_second(),
        model: request.model,
        choices: [Choice {
            index: 0,
            message: Message { role: "assistant", content: label.to_owned(), refusal: None },
            // The whole answer is given at once, so that it has one probability.
            logprobs: (request.logprobs == Some(true)).then(|| {
                let answer =
                    json!({"token": label, "logprob": probability.ln(), "bytes": label.as_bytes(), "top_logprobs": []});
                json!({"content": [answer], "refusal": null})
            }),
            finish_reason: "stop",
        }],
        usage,
    };
    let span = span(&completion, &deployment, &messages, &headers, began);
    let taken = intake::import(span.to_string().into(), &writing).await?;
    if let Some(why) = taken.rejection {
        return Err(ApiError::WrongState(format!("the request is not answered, as it cannot be kept: {why}")));
    }
    count(&writing, &deployment.id).await?;
    Ok(Json(completion))
}

fn words(text: &str) -> usize {
    text.unicode_words().count()
}

async fn count(writing: &Writing, deployment: &str) -> Result<(), ApiError> {
    let mut change = writing.change().await?;
    sqlx::query("UPDATE deployments SET requests = requests + 1, last_request_at = ?2 WHERE id = ?1")
        .bind(deployment)
        .bind(time::now())
        .execute(&mut *change.transaction)
        .await
        .context("counting a request")?;
    change.commit().await
}

/// The request as an inference: OTLP/JSON with a span by the conventions for generative AI.
fn span(completion: &Completion, deployment: &Deployment, messages: &Value, headers: &HeaderMap, began: i64) -> Value {
    let [Choice { message, finish_reason, .. }] = &completion.choices;
    let answered = json!([{
        "role": message.role,
        "parts": [{"type": "text", "content": message.content}],
        "finish_reason": finish_reason,
    }]);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let number = |key: &str, value: usize| json!({"key": key, "value": {"intValue": value.to_string()}});
    let (trace_id, parent_span_id) = parent(headers).unwrap_or_else(|| (hexadecimal(32), String::new()));
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", SERVICE)]},
        "scopeSpans": [{"spans": [{
            "traceId": trace_id,
            "spanId": hexadecimal(16),
            "parentSpanId": parent_span_id,
            "name": format!("chat {}", deployment.model_id),
            "startTimeUnixNano": began.to_string(),
            "endTimeUnixNano": time::now().to_string(),
            "attributes": [
                text("gen_ai.operation.name", "chat"),
                text("gen_ai.provider.name", SERVICE),
                text("gen_ai.request.model", &deployment.model_id),
                text("gen_ai.response.model", &deployment.model_id),
                text("gen_ai.response.id", &completion.id),
                json!({"key": "gen_ai.response.finish_reasons",
                       "value": {"arrayValue": {"values": [{"stringValue": finish_reason}]}}}),
                number("gen_ai.usage.input_tokens", completion.usage.prompt_tokens),
                number("gen_ai.usage.output_tokens", completion.usage.completion_tokens),
                text("gen_ai.input.messages", &messages::in_parts(messages).to_string()),
                text("gen_ai.output.messages", &answered.to_string()),
                text("catalyst.deployment.id", &deployment.id),
                text("catalyst.deployment.name", &deployment.name),
            ],
        }]}],
    }]})
}

/// The trace and the span that a request is part of, where it says so: <https://www.w3.org/TR/trace-context/>.
fn parent(headers: &HeaderMap) -> Option<(String, String)> {
    let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
    let (version, trace, span, _flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_id = |text: &str, digits: usize| {
        let is_hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == digits && text.bytes().all(is_hexadecimal) && text.bytes().any(|byte| byte != b'0')
    };
    (version.len() == 2 && is_id(trace, 32) && is_id(span, 16)).then(|| (trace.to_owned(), span.to_owned()))
}

/// A new id of so many digits.
fn hexadecimal(digits: usize) -> String {
    let mut rng = rand::rng();
    (0..digits).map(|_| char::from(b"0123456789abcdef"[rng.random_range(..16_usize)])).collect()
}
