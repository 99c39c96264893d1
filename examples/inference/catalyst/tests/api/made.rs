//! What is made of the samples.

use catalyst::Access;
use serde_json::{Value, json};

use crate::{service::Api, spans::table};

#[tokio::test]
async fn what_the_examples_name_is_made_of_the_samples() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    api.service.load_samples(&api.service.project("demo").await.unwrap()).await.unwrap();
    let get = async |path: &str| api.get(&key, &api.path(path)).await;
    let intents = get("datasets/ds_intents00001").await;
    assert!(intents["dataset"]["items"].as_i64() > Some(60), "{intents}");
    assert!(intents["items"].as_array().unwrap().iter().all(|item| item["expected"].is_string()), "{intents}");
    assert!(get("datasets/ds_support00001").await["dataset"]["items"].as_i64() > Some(10));
    assert_eq!(get("rubrics/rub_politeness01").await["checks"].as_array().unwrap().len(), 3);

    let eval = get("evals/eval_support0001").await;
    let score = eval["eval"]["score"].as_f64().unwrap();
    assert!(0.0 < score && score < 1.0 && !eval["failed_items"].as_array().unwrap().is_empty(), "{eval}");

    let job = get("training-jobs/job_intents00001").await;
    let metrics = &job["training_job"]["metrics"];
    assert!(metrics["accuracy"].as_f64().unwrap() > metrics["baseline_accuracy"].as_f64().unwrap() + 0.2, "{metrics}");
    assert_eq!(job["history"].as_array().unwrap().len(), 20);

    let deployment = get("deployments/dep_intents00001").await;
    assert_eq!(deployment["model"]["training_job_id"], "job_intents00001");
    let question =
        json!({"model": "support-intents", "messages": [{"role": "user", "content": "Where is my parcel?"}]});
    let answer = api.post(&key, "/v1/chat/completions", &question).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "shipping", "{answer}");
    assert_eq!(api.credits(&key).await, 0);
    api.stop().await;
}

#[tokio::test]
async fn it_is_made_once_and_each_project_has_its_own() {
    let api = Api::start().await;
    let key = api.key(&[("demo", Access::Read), ("other", Access::Read)], Some("demo")).await;
    let mut made = Vec::new();
    for (name, id) in [("demo", &api.demo), ("other", &api.other)] {
        let project = api.service.project(name).await.unwrap();
        api.service.load_samples(&project).await.unwrap();
        let list = async |things: &str| {
            let listed = api.get(&key, &format!("/v1/projects/{id}/{things}")).await;
            table(&listed[things.replace('-', "_")], &["id", "name", "status"])
        };
        let all = async || {
            let mut all = Vec::new();
            for things in ["datasets", "rubrics", "evals", "training-jobs", "deployments"] {
                all.push(list(things).await);
            }
            json!(all)
        };
        let first = all().await;
        api.service.load_samples(&project).await.unwrap();
        assert_eq!(all().await, first);
        made.push(first);
    }
    let column = |made: &Value, column: usize| -> Vec<Value> {
        let rows = made.as_array().unwrap().iter().flat_map(|list| list.as_array().unwrap());
        rows.map(|row| row[column].clone()).collect()
    };
    assert_eq!((column(&made[0], 1), column(&made[0], 2)), (column(&made[1], 1), column(&made[1], 2)));
    assert_eq!(column(&made[0], 1).len(), 6);
    assert!(column(&made[0], 0).iter().all(|id| !column(&made[1], 0).contains(id)), "{made:?}");
    api.stop().await;
}
