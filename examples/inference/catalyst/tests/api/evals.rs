//! Evals: of recorded answers, of a deployment's, and by a judge.

use catalyst::Access;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    judge::{Reply, ScriptedJudge, judged},
    service::{Api, answered},
    spans::table,
    traffic::{fields, intents},
};

impl Api {
    /// An eval when it is over, with its results.
    async fn eval(&self, key: &SecretString, body: &Value) -> Value {
        let eval = self.post(key, &self.path("evals"), body).await;
        assert_eq!((&eval["status"], &eval["scored"]), (&json!("queued"), &json!(0)), "{eval}");
        let path = self.path(&format!("evals/{}", eval["id"].as_str().unwrap()));
        let is_over = |eval: &Value| eval["eval"].get("completed_at").is_some();
        self.get_until(key, &path, is_over).await
    }
}

fn answers(items: &[(&str, &str)]) -> Vec<(String, String)> {
    items.iter().map(|(question, answer)| ((*question).to_owned(), (*answer).to_owned())).collect()
}

#[tokio::test]
async fn recorded_answers_are_held_against_every_check() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 10).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    // The newest is the first in the dataset.
    let items = answers(&[("d", "{\"ok\": 1}"), ("c", "Sorry, no."), ("b", "no"), ("a", "Hello, sorry")]);
    let dataset = api.dataset(&key, "support", &items).await;
    let checks = json!([
        {"type": "contains", "text": "sorry"},
        {"type": "regex", "pattern": "^H"},
        {"type": "json_schema", "schema": {"type": "object"}},
    ]);
    let rubric = api.rubric(&key, "polite", checks.clone()).await;
    let body = json!({"dataset_id": dataset, "rubric_id": rubric});
    let got = api.eval(&key, &body).await;
    let eval = fields(&got["eval"], &["name", "status", "items", "scored", "passed", "score", "error"]);
    let expected =
        json!({"name": "support, polite", "status": "completed", "items": 4, "scored": 4, "passed": 0, "score": 0.0});
    assert_eq!(eval, expected);
    assert_eq!(
        table(&got["checks"], &["check", "passed", "failed"]),
        json!([[checks[0], 2, 2], [checks[1], 1, 3], [checks[2], 1, 3],])
    );
    let no_json = "it is not JSON: expected value at line 1 column 1";
    let not_polite = "it does not contain `sorry`";
    let no_match = "nothing in it matches `^H`";
    let failed = json!([
        [0, "a", "Hello, sorry", [no_json]],
        [1, "b", "no", [not_polite, no_match, "it is not JSON: expected ident at line 1 column 2"]],
        [2, "c", "Sorry, no.", [no_match, no_json]],
        [3, "d", "{\"ok\": 1}", [not_polite, no_match]],
    ]);
    let columns = ["index", "input", "output", "reasons"];
    assert_eq!(table(&got["failed_items"], &columns), failed);
    let path = api.path(&format!("evals/{}?failed_items=1", got["eval"]["id"].as_str().unwrap()));
    assert_eq!(table(&api.get(&key, &path).await["failed_items"], &columns), json!([failed[0]]));

    let half = api.rubric(&key, "half", json!([{"type": "contains", "text": "sorry"}])).await;
    let got = api.eval(&key, &json!({"dataset_id": dataset, "rubric_id": half, "name": "Half"})).await;
    let eval = fields(&got["eval"], &["name", "passed", "score"]);
    assert_eq!(eval, json!({"name": "Half", "passed": 2, "score": 0.5}));
    let listed = api.get(&key, &api.path("evals?status=completed")).await;
    assert_eq!(table(&listed["evals"], &["name"]), json!([["Half"], ["support, polite"]]));
    assert_eq!(api.credits(&key).await, 8);
    api.stop().await;
}

#[tokio::test]
async fn a_deployment_is_asked_in_the_place_of_who_was() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let (deployment, model) = api.deployment(&key, "intents").await;
    // What was answered then is wrong, and what is answered now is compared with it: all but one differ.
    let items: Vec<_> = intents(150).into_iter().map(|(question, _)| (question, "refund".to_owned())).collect();
    let dataset = api.dataset(&key, "asked again", &items).await;
    let rubric = api.rubric(&key, "same", json!([{"type": "exact"}])).await;
    let body = json!({"dataset_id": dataset, "rubric_id": rubric, "deployment_id": deployment});
    let got = api.eval(&key, &body).await;
    let eval = fields(&got["eval"], &["status", "scored", "passed", "score", "deployment_id"]);
    let expected =
        json!({"status": "completed", "scored": 150, "passed": 75, "score": 0.5, "deployment_id": deployment});
    assert_eq!(eval, expected);
    let failed = &got["failed_items"][0];
    assert_eq!(
        (&failed["output"], &failed["reasons"]),
        (&json!("delivery"), &json!(["it is not the expected `refund`"]))
    );
    // It was no traffic.
    let path = api.path(&format!("deployments/{deployment}"));
    let told = api.get(&key, &path).await;
    assert_eq!((&told["deployment"]["requests"], &told["model"]["inferences"]), (&json!(0), &json!(0)), "{model}");

    answered(api.request(&key, Method::PATCH, &path).json(&json!({"status": "stopped"}))).await;
    let refusal = api.post_refused(&key, &api.path("evals"), &body).await;
    let message = "the deployment `intents` is stopped; set its status to `running` first";
    assert_eq!(refusal, (409, "wrong_state".to_owned(), message.to_owned()));
    api.stop().await;
}

#[tokio::test]
async fn a_judge_is_asked_about_each_answer_and_its_reasons_are_told() {
    let judge = ScriptedJudge::start(|question, _| {
        let judged = judged(question);
        assert_eq!(judged["expected"], judged["answer"]);
        let is_polite = judged["answer"].as_str().unwrap().contains("please");
        if is_polite {
            Reply::Text("```json\n{\"passed\": true, \"reason\": \"It says please.\"}\n```".to_owned())
        } else {
            Reply::verdict(false, "It is curt.")
        }
    })
    .await;
    let api = Api::start_with(&judge.options).await;
    api.service.add_credits("Ours", 10).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let items = answers(&[("1", "a"), ("2", "please"), ("3", "b"), ("4", "please"), ("5", "please"), ("6", "c")]);
    let dataset = api.dataset(&key, "support", &items).await;
    let checks = json!([{"type": "judge", "instructions": "It is polite."}, {"type": "contains", "text": "please"}]);
    let rubric = api.rubric(&key, "polite", checks).await;
    let got = api.eval(&key, &json!({"dataset_id": dataset, "rubric_id": rubric})).await;
    assert_eq!(fields(&got["eval"], &["status", "passed"]), json!({"status": "completed", "passed": 3}));
    assert_eq!(table(&got["checks"], &["passed", "failed"]), json!([[3, 3], [3, 3]]));
    assert_eq!(got["failed_items"][0]["reasons"], json!(["It is curt.", "it does not contain `please`"]));
    let asked = judge.asked();
    assert_eq!((asked.len(), &asked[0]["model"]), (6, &json!("judge-test")));
    assert!(asked[0]["messages"][0]["content"].as_str().unwrap().contains("It is polite."));
    api.stop().await;
}

/// What is no verdict counts neither as passed nor as failed.
#[tokio::test]
async fn a_judge_that_gives_no_verdict_fails_the_eval() {
    let good = || Reply::verdict(true, "Good.");
    let text = |text: &str| Reply::Text(text.to_owned());
    for (replies, status, asked, error) in [
        (vec![Reply::Status(503), text("I think so"), good()], "completed", 3, ""),
        (
            vec![Reply::Status(429), Reply::Status(500), Reply::Status(502)],
            "failed",
            3,
            "it answered with HTTP status 502",
        ),
        (vec![text("yes"), text("{\"passed\": 1}"), text("{\"passed\": true}")], "failed", 3, "missing field `reason`"),
        (vec![text("{\"passed\": true, \"reason\": \"\"} and more"); 3], "failed", 3, "trailing characters"),
        (vec![text("{\"passed\": \"yes\", \"reason\": \"\"}"); 3], "failed", 3, "expected a boolean"),
        (vec![text(" "); 3], "failed", 3, "its answer was cut off, withheld or empty"),
        (vec![Reply::Status(401)], "failed", 1, "it refuses the key (HTTP status 401 Unauthorized)"),
        (vec![Reply::Status(302)], "failed", 1, "it answered with HTTP status 302"),
        (vec![Reply::Status(404)], "failed", 1, "it answered with HTTP status 404"),
        (vec![text(&"x".repeat(2 << 20))], "failed", 1, "its answer has more than 1048576 bytes"),
    ] {
        let case = format!("{:.200}", format!("{replies:?}"));
        let judge = ScriptedJudge::script(replies).await;
        let api = Api::start_with(&judge.options).await;
        api.service.add_credits("Ours", 10).await.unwrap();
        let key = api.demo_key(Access::Write).await;
        let dataset = api.dataset(&key, "support", &answers(&[("a", "b")])).await;
        let rubric = api.rubric(&key, "polite", json!([{"type": "judge", "instructions": "It is polite."}])).await;
        let eval = api.eval(&key, &json!({"dataset_id": dataset, "rubric_id": rubric})).await["eval"].clone();
        assert_eq!((&eval["status"], judge.asked().len()), (&json!(status), asked), "{case}: {eval}");
        let said = eval["error"].as_str().unwrap_or_default();
        assert!(said.contains(error), "{case}: {eval}");
        if status == "failed" {
            assert!(said.starts_with("item 0: the judge gave no verdict: "), "{case}: {eval}");
            assert_eq!((&eval["scored"], &eval["passed"], eval.get("score")), (&json!(0), &json!(0), None), "{case}");
        }
        api.stop().await;
    }
}

#[tokio::test]
async fn an_eval_that_cannot_be_run_is_refused_before_it_is_paid() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let dataset = api.dataset(&key, "support", &answers(&[("a", "b")])).await;
    let rubric = api.rubric(&key, "exact", json!([{"type": "exact"}])).await;
    let judged = api.rubric(&key, "judged", json!([{"type": "judge", "instructions": "It is polite."}])).await;
    let no_judge =
        "the rubric `judged` has a check of type `judge`, and this service is set up without a language model";
    for (body, status, message) in [
        (json!({"dataset_id": dataset, "rubric_id": judged}), 409, no_judge),
        (json!({"dataset_id": "ds_absent", "rubric_id": rubric}), 404, "there is no dataset `ds_absent`"),
        (json!({"dataset_id": dataset, "rubric_id": "rub_absent"}), 404, "there is no rubric `rub_absent`"),
        (
            json!({"dataset_id": dataset, "rubric_id": rubric, "deployment_id": "dep_absent"}),
            404,
            "there is no deployment `dep_absent`",
        ),
        (json!({"dataset_id": dataset, "rubric_id": rubric, "name": ""}), 422, "`name`: write 1 to 120"),
        (json!({"dataset_id": dataset}), 422, "`body`: missing field `rubric_id`"),
        (json!({"dataset_id": dataset, "rubric_id": rubric}), 402, "this costs 1 credits, and the team has 0"),
    ] {
        let refusal = api.post_refused(&key, &api.path("evals"), &body).await;
        assert!(refusal.0 == status && refusal.2.starts_with(message), "{body}: {refusal:?}");
    }
    assert_eq!(api.get(&key, &api.path("evals")).await, json!({"evals": []}));
    api.stop().await;
}

/// What was scored before stays, and nothing of it is asked again.
#[tokio::test]
async fn an_eval_goes_on_where_it_was_when_the_service_is_back() {
    let silent = |_: &Value, before| if before < 4 { Reply::verdict(false, "No.") } else { Reply::Silence };
    let (first, second) =
        (ScriptedJudge::start(silent).await, ScriptedJudge::start(|_, _| Reply::verdict(true, "Yes.")).await);
    let api = Api::start_with(&first.options).await;
    api.service.add_credits("Ours", 10).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let items: Vec<_> = (0..8).map(|number| (format!("question {number}"), "answer".to_owned())).collect();
    let dataset = api.dataset(&key, "support", &items).await;
    let rubric = api.rubric(&key, "polite", json!([{"type": "judge", "instructions": "It is polite."}])).await;
    let eval = api.post(&key, &api.path("evals"), &json!({"dataset_id": dataset, "rubric_id": rubric})).await;
    let path = api.path(&format!("evals/{}", eval["id"].as_str().unwrap()));
    let got = api.get_until(&key, &path, |eval| eval["eval"]["scored"] == 4).await;
    let eval = fields(&got["eval"], &["status", "items", "scored", "passed", "score"]);
    assert_eq!(eval, json!({"status": "running", "items": 8, "scored": 4, "passed": 0}));
    assert_eq!(got["failed_items"].as_array().unwrap().len(), 4);

    let api = Api::resume_with(api.pause().await, &second.options).await;
    let got = api.get_until(&key, &path, |eval| eval["eval"]["status"] == "completed").await;
    let eval = fields(&got["eval"], &["scored", "passed", "score"]);
    assert_eq!(eval, json!({"scored": 8, "passed": 4, "score": 0.5}));
    assert_eq!(table(&got["checks"], &["passed", "failed"]), json!([[4, 4]]));
    assert_eq!(second.asked().len(), 4);
    api.stop().await;
}
