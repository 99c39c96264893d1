//! A language model that judges as it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, response::IntoResponse as _, routing::post};
use catalyst::JudgeOptions;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// What a judge does when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It writes this text.
    Text(String),
    /// It answers with this status, and that it can be asked again at once.
    Status(u16),
    /// It never answers.
    Silence,
}

impl Reply {
    pub(crate) fn verdict(passed: bool, reason: &str) -> Self {
        Self::Text(json!({"passed": passed, "reason": reason}).to_string())
    }
}

/// A judge on loopback.
pub(crate) struct ScriptedJudge {
    pub(crate) options: JudgeOptions,
    asked: Arc<Mutex<Vec<Value>>>,
    serving: JoinHandle<()>,
}

impl ScriptedJudge {
    /// A judge that replies to a question by what `reply` says of it: the body, and how often it was asked before.
    pub(crate) async fn start(reply: impl Fn(&Value, usize) -> Reply + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (reply, kept) = (Arc::new(reply), Arc::clone(&asked));
        let complete = async move |Json(body): Json<Value>| {
            let before = {
                let mut asked = kept.lock().unwrap();
                asked.push(body.clone());
                asked.len() - 1
            };
            match reply(&body, before) {
                Reply::Silence => std::future::pending().await,
                Reply::Text(text) => {
                    let message = json!({"role": "assistant", "content": text});
                    Json(json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
                        .into_response()
                }
                Reply::Status(status) => {
                    (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")], "not now").into_response()
                }
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/chat/completions", post(complete));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let options =
            JudgeOptions { judge_url: Some(url.parse().unwrap()), judge_model: Some("judge-test".to_owned()) };
        Self { options, asked, serving }
    }

    /// One that replies with these, one after the other, whatever it is asked; then with nothing.
    pub(crate) async fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Mutex<VecDeque<Reply>> = Mutex::new(replies.into_iter().collect());
        Self::start(move |_, _| replies.lock().unwrap().pop_front().unwrap_or(Reply::Status(500))).await
    }

    /// What it was asked.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for ScriptedJudge {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The answer that a judge is asked about.
pub(crate) fn judged(question: &Value) -> Value {
    let data = question["messages"][1]["content"].as_str().unwrap();
    serde_json::from_str(data).unwrap()
}
