//! Recorded traffic for tests, and what is made of it.

use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::{
    service::Api,
    spans::{span, with},
};

/// The number of the next inference of a dataset.
static NEXT: AtomicU32 = AtomicU32::new(1_000);

/// What was asked and answered, with other attributes.
pub(crate) fn inference(number: u32, question: &str, answer: &str, attributes: Value) -> Value {
    let text = |text| json!([{"type": "text", "content": text}]);
    let mut all = json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-test",
        "gen_ai.input.messages": json!([{"role": "user", "parts": text(question)}]).to_string(),
        "gen_ai.output.messages": [{"role": "assistant", "parts": text(answer), "finish_reason": "stop"}],
    });
    let Value::Object(attributes) = attributes else { panic!("{attributes}") };
    all.as_object_mut().unwrap().extend(attributes);
    span(number, number, None, u64::from(number), all)
}

/// An inference that went wrong.
pub(crate) fn failed(inference: Value) -> Value {
    with(inference, json!({"status": {"code": 2}}))
}

impl Api {
    /// A path in the project `demo`.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("/v1/projects/{}/{path}", self.demo)
    }

    /// A dataset of questions and answers, whose id it gives.
    pub(crate) async fn dataset(&self, key: &SecretString, name: &str, items: &[(String, String)]) -> String {
        // Spans of one id are one span.
        let first = NEXT.fetch_add(u32::try_from(items.len()).unwrap(), Ordering::Relaxed);
        let numbered = (first..).zip(items);
        let inferences: Vec<Value> =
            numbered.map(|(number, (question, answer))| inference(number, question, answer, json!({}))).collect();
        self.send(key, name, &inferences).await;
        let body = json!({"name": name, "max_items": items.len()});
        self.post(key, &self.path("datasets"), &body).await["dataset"]["id"].as_str().unwrap().to_owned()
    }

    /// A rubric of checks, whose id it gives.
    pub(crate) async fn rubric(&self, key: &SecretString, name: &str, checks: Value) -> String {
        let body = json!({"name": name, "checks": checks});
        self.post(key, &self.path("rubrics"), &body).await["id"].as_str().unwrap().to_owned()
    }

    /// How many credits the team has.
    pub(crate) async fn credits(&self, key: &SecretString) -> i64 {
        self.get(key, "/v1/whoami").await["team"]["credits"].as_i64().unwrap()
    }

    /// A deployment of a model that tells refunds from deliveries, and the id of the model.
    pub(crate) async fn deployment(&self, key: &SecretString, name: &str) -> (String, String) {
        let dataset = self.dataset(key, &format!("intents of {name}"), &intents(20)).await;
        let job = self.post(key, &self.path("training-jobs"), &json!({"dataset_id": dataset})).await;
        let path = self.path(&format!("training-jobs/{}", job["id"].as_str().unwrap()));
        let job = self.get_until(key, &path, |job| job["training_job"]["status"] == "completed").await;
        let model = job["training_job"]["model_id"].as_str().unwrap().to_owned();
        let deployment = self.post(key, &self.path("deployments"), &json!({"name": name, "model_id": model})).await;
        (deployment["id"].as_str().unwrap().to_owned(), model)
    }
}

/// Questions about refunds and deliveries, with their intents.
pub(crate) fn intents(items: usize) -> Vec<(String, String)> {
    let item = |number: usize| match number % 2 {
        0 => (format!("I want my money back for order {number}"), "refund".to_owned()),
        _ => (format!("Where is the parcel of order {number}?"), "delivery".to_owned()),
    };
    (0..items).map(item).collect()
}

/// Of an object these fields.
pub(crate) fn fields(object: &Value, fields: &[&str]) -> Value {
    let pick = |field: &&str| Some(((*field).to_owned(), object.get(*field)?.clone()));
    Value::Object(fields.iter().filter_map(pick).collect::<Map<_, _>>())
}
