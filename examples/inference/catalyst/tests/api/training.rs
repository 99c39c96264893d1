//! Training jobs, the models that they make, and deployments of these.

use catalyst::Access;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{Api, answered},
    spans::table,
    traffic::{fields, inference, intents},
};

#[tokio::test]
async fn a_job_makes_a_model_that_is_better_than_the_most_frequent_answer() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let dataset = api.dataset(&key, "intents", &intents(40)).await;
    let body = json!({"dataset_id": dataset, "epochs": 4, "validation_share": 0.25});
    let launched = api.post(&key, &api.path("training-jobs"), &body).await;
    let told = fields(&launched, &["name", "status", "base_model", "epochs", "epochs_done", "dataset_id"]);
    let expected = json!({"name": "intents", "status": "queued", "base_model": "text-classifier", "epochs": 4,
                          "epochs_done": 0, "dataset_id": dataset});
    assert_eq!(told, expected);
    assert_eq!(api.credits(&key).await, 99);

    let id = launched["id"].as_str().unwrap();
    let path = api.path(&format!("training-jobs/{id}"));
    let got = api.get_until(&key, &path, |job| job["training_job"]["status"] == "completed").await;
    let (job, history) = (&got["training_job"], &got["history"]);
    assert_eq!(table(history, &["epoch"]), json!([[1], [2], [3], [4]]));
    assert_eq!((&job["epochs_done"], &job["name"]), (&json!(4), &json!("intents")));
    let metrics = fields(&job["metrics"], &["training_items", "validation_items", "labels", "baseline_accuracy"]);
    let expected = json!({"training_items": 30, "validation_items": 10, "labels": 2, "baseline_accuracy": 0.5});
    assert_eq!(metrics, expected);
    assert!(job["metrics"]["accuracy"].as_f64().unwrap() > 0.9, "{job}");
    assert_eq!(job["metrics"]["loss"], history[3]["validation_loss"]);
    assert!(history[3]["training_loss"].as_f64() < history[0]["training_loss"].as_f64(), "{history}");

    let models = api.get(&key, &api.path("models")).await;
    let model = job["model_id"].as_str().unwrap();
    let listed = table(&models["models"], &["id", "kind", "training_job_id", "inferences", "deployments"]);
    let expected = json!([
        [model, "trained", id, 0, []],
        ["gpt-test", "observed", null, 40, []],
        ["text-classifier", "base", null, 0, []],
    ]);
    assert_eq!(listed, expected);
    for (kind, model) in [("base", "text-classifier"), ("trained", model), ("observed", "gpt-test")] {
        let models = api.get(&key, &api.path(&format!("models?kind={kind}"))).await;
        assert_eq!(table(&models["models"], &["id"]), json!([[model]]));
    }
    let first = api.get(&key, &api.path("models?limit=2")).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = api.get(&key, &api.path(&format!("models?limit=2&cursor={cursor}"))).await;
    assert_eq!(table(&rest["models"], &["id"]), json!([["text-classifier"]]));

    assert_eq!(api.get(&key, &api.path("training-jobs?status=completed")).await, json!({"training_jobs": [job]}));
    assert_eq!(api.get(&key, &api.path("training-jobs?status=queued")).await, json!({"training_jobs": []}));
    let cancelled = api.post(&key, &format!("{path}/cancel"), &json!({})).await;
    assert_eq!(cancelled, json!({"training_job": job, "cancelled": false}));
    api.stop().await;
}

#[tokio::test]
async fn what_cannot_be_trained_is_refused_before_it_is_paid() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let same: Vec<_> = (0..12).map(|number| (format!("question {number}"), "the same".to_owned())).collect();
    let (same, few) = (api.dataset(&key, "same", &same).await, api.dataset(&key, "few", &intents(4)).await);
    let good = api.dataset(&key, "good", &intents(12)).await;
    for (body, status, message) in [
        (json!({"dataset_id": same}), 422, "`dataset_id`: the dataset cannot be trained on: all of its items"),
        (json!({"dataset_id": few}), 422, "`dataset_id`: the dataset cannot be trained on: it has 4 items"),
        (json!({"dataset_id": "ds_absent"}), 404, "there is no dataset `ds_absent`"),
        (json!({"dataset_id": good, "epochs": 0}), 422, "`epochs`: write a number from 1 to 100"),
        (json!({"dataset_id": good, "epochs": 101}), 422, "`epochs`: write a number from 1 to 100"),
        (
            json!({"dataset_id": good, "validation_share": 0.6}),
            422,
            "`validation_share`: write a number from 0.05 to 0.5",
        ),
        (json!({"dataset_id": good, "base_model": "gpt"}), 422, "`base_model`: the only model to train from is"),
        (json!({"dataset_id": good}), 402, "this costs 1 credits, and the team has 0"),
    ] {
        let refusal = api.post_refused(&key, &api.path("training-jobs"), &body).await;
        assert!(refusal.0 == status && refusal.2.starts_with(message), "{body}: {refusal:?}");
    }
    assert_eq!(api.get(&key, &api.path("training-jobs")).await, json!({"training_jobs": []}));
    api.stop().await;
}

/// Jobs that take long are cancelled, or the service is stopped during them.
#[tokio::test]
async fn a_job_is_cancelled_between_passes_and_begun_again_after_a_restart() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 1_000).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let words = |number: usize| {
        let words = (0..150).map(|word| format!("word{}", (number + word) * 7919 % 4999));
        words.collect::<Vec<_>>().join(" ")
    };
    let long = intents(1_000).into_iter().enumerate();
    let long: Vec<_> = long.map(|(number, (text, intent))| (format!("{text} {}", words(number)), intent)).collect();
    let (long, short) = (api.dataset(&key, "long", &long).await, api.dataset(&key, "short", &intents(20)).await);
    let launch = async |dataset: &str| {
        let body = json!({"dataset_id": dataset, "epochs": 100});
        let job = api.post(&key, &api.path("training-jobs"), &body).await;
        api.path(&format!("training-jobs/{}", job["id"].as_str().unwrap()))
    };
    let (first, second, third) = (launch(&long).await, launch(&long).await, launch(&short).await);
    let has_begun = |job: &Value| job["training_job"]["epochs_done"].as_i64() > Some(0);
    api.get_until(&key, &first, has_begun).await;
    let cancelled = api.post(&key, &format!("{first}/cancel"), &json!({})).await;
    assert_eq!((&cancelled["cancelled"], &cancelled["training_job"]["status"]), (&json!(true), &json!("cancelled")));
    let before = api.get_until(&key, &second, has_begun).await;
    let job = api.get(&key, &first).await["training_job"].clone();
    assert_eq!((job.get("model_id"), job.get("metrics")), (None, None), "{job}");
    assert!(job["epochs_done"].as_i64() < Some(100), "{job}");

    let api = Api::resume(api.pause().await).await;
    let again = api.get_until(&key, &second, has_begun).await;
    assert_eq!(again["training_job"]["status"], "running", "{again}");
    assert_eq!(again["training_job"]["started_at"], before["training_job"]["started_at"]);
    assert_eq!(again["history"][0], before["history"][0]);
    assert_eq!(api.post(&key, &format!("{second}/cancel"), &json!({})).await["cancelled"], true);
    // What waited behind them is done.
    let over = api.get_until(&key, &third, |job| job["training_job"]["status"] == "completed").await;
    let epochs: Vec<_> = over["history"].as_array().unwrap().iter().map(|epoch| epoch["epoch"].clone()).collect();
    assert_eq!(json!(epochs), json!((1..=100).collect::<Vec<_>>()));
    assert_eq!(api.get(&key, &first).await["training_job"]["status"], "cancelled");
    api.stop().await;
}

#[tokio::test]
async fn a_deployment_serves_what_it_is_told() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let (deployment, model) = api.deployment(&key, "support").await;
    let (other, other_model) = api.deployment(&key, "another").await;
    let path = api.path(&format!("deployments/{deployment}"));
    let got = api.get(&key, &path).await;
    let told = fields(&got["deployment"], &["name", "model_id", "status", "requests"]);
    assert_eq!(told, json!({"name": "support", "model_id": model, "status": "running", "requests": 0}));
    assert_eq!((&got["model"]["id"], &got["model"]["deployments"]), (&json!(model), &json!([deployment])));

    let change = async |body| answered(api.request(&key, Method::PATCH, &path).json(&body)).await;
    let (status, changed) = change(json!({"status": "stopped", "model_id": other_model})).await;
    assert_eq!((status, &changed["status"], &changed["model_id"]), (200, &json!("stopped"), &json!(other_model)));
    assert_eq!(change(json!({"status": "stopped"})).await, (200, changed.clone()));
    for (body, status) in [
        (json!({}), 422),
        (json!({"status": "paused"}), 422),
        (json!({"model_id": "gpt-test"}), 422),
        (json!({"model_id": "text-classifier"}), 422),
        (json!({"name": "other"}), 422),
    ] {
        assert_eq!(change(body.clone()).await.0, status, "{body}");
    }
    assert_eq!(api.get(&key, &path).await["deployment"], changed);
    let model = api.get(&key, &path).await["model"].clone();
    assert_eq!(model["deployments"], json!([other, deployment]));

    let listed = async |query| table(&api.get(&key, &api.path(query)).await["deployments"], &["name"]);
    assert_eq!(listed("deployments").await, json!([["another"], ["support"]]));
    assert_eq!(listed("deployments?status=running").await, json!([["another"]]));
    let again = json!({"name": "support", "model_id": other_model});
    let refusal = api.post_refused(&key, &api.path("deployments"), &again).await;
    assert!(refusal.0 == 409 && refusal.2.starts_with("the project has a deployment `support` already"), "{refusal:?}");
    api.stop().await;
}

#[tokio::test]
async fn expected_answers_are_learned_and_not_what_was_answered() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let inferences: Vec<_> = (1..)
        .zip(intents(20))
        .map(|(number, (question, intent))| inference(number, &question, "I do not know.", json!({"intent": intent})))
        .collect();
    api.send(&key, "shop", &inferences).await;
    let dataset = api.post(&key, &api.path("datasets"), &json!({"name": "expected", "expected_from": "intent"})).await;
    let body = json!({"dataset_id": dataset["dataset"]["id"]});
    let job = api.post(&key, &api.path("training-jobs"), &body).await;
    let path = api.path(&format!("training-jobs/{}", job["id"].as_str().unwrap()));
    let job = api.get_until(&key, &path, |job| job["training_job"]["status"] == "completed").await;
    assert_eq!(job["training_job"]["metrics"]["labels"], 2);
    api.stop().await;
}
