//! The samples, which everything can be tried on.

use catalyst::Access;
use serde_json::{Value, json};

use crate::{service::Api, spans::table};

#[tokio::test]
async fn a_project_has_them_once_and_each_has_its_own() {
    let api = Api::start().await;
    let key = api.key(&[("demo", Access::Read), ("other", Access::Read)], Some("demo")).await;
    let mut told = Vec::new();
    for project in ["demo", "other"] {
        let project = api.service.project(project).await.unwrap();
        // Again, it is later: nothing is added and nothing moves.
        for _ in 0..2 {
            let taken = api.service.load_samples(&project).await.unwrap();
            assert_eq!((taken.rejected, taken.rejection), (0, None));
            let listed = api.get(&key, "/v1/projects").await;
            let of_project =
                listed["projects"].as_array().unwrap().iter().find(|listed| listed["id"] == project.id.as_str());
            told.push(table(&json!([of_project.unwrap()]), &["agents", "traces"]));
        }
    }
    assert!(told[0][0][1].as_i64().unwrap() > 200 && told.iter().all(|one| *one == told[0]), "{told:?}");
    api.stop().await;
}

#[tokio::test]
async fn there_is_something_of_everything() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Read).await;
    api.service.load_samples(&api.service.project("demo").await.unwrap()).await.unwrap();
    let project = format!("/v1/projects/{}", api.demo);
    let agents = api.get(&key, &format!("{project}/agents?name=customer-support-agent")).await;
    assert_eq!(table(&agents["agents"], &["service"]), json!([["support-api"], ["support-staging"]]));
    let count = async |path: &str, things: &str| {
        let answer = api.get(&key, &format!("{project}/{path}")).await;
        answer[things].as_array().unwrap().len()
    };
    for (path, things, least) in [
        ("agents", "agents", 6),
        ("traces?agent=customer-support-agent&since=24h&limit=100", "traces", 20),
        ("traces?agent=fact-checker&limit=100", "traces", 10),
        ("traces?status=error", "traces", 5),
        ("traces/slowest", "traces", 10),
        ("spans?kind=tool&status=error&tool=track_parcel&since=24h", "spans", 5),
        ("inferences?status=error&since=24h", "inferences", 3),
        ("inferences?agent=ticket-triage&status=ok&limit=100", "inferences", 100),
    ] {
        assert!(count(path, things).await >= least, "{path}");
    }
    // Nothing lies in the future, and the newest is not long ago.
    assert_eq!(count("spans?since=1m", "spans").await, 0);
    assert!(count("spans?since=30m", "spans").await > 0);
    let errors = api.get(&key, &format!("{project}/inferences/errors?last=1000")).await;
    assert!(errors["groups"].as_array().unwrap().len() >= 3, "{errors}");

    // What the manifest's examples name is there.
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let whole = api.get(&key, &format!("{project}/traces/{trace}")).await;
    assert_eq!(whole["trace"]["agent"], "customer-support-agent");
    let kinds = table(&whole["spans"], &["kind"]).to_string();
    assert_eq!(
        kinds,
        json!([["other"], ["agent"], ["inference"], ["tool"], ["inference"], ["tool"], ["inference"]]).to_string()
    );
    api.get(&key, &format!("{project}/traces/{trace}/spans/{span}")).await;
    let inference = api.get(&key, &format!("{project}/inferences/{trace}-{span}")).await;
    assert_eq!(inference["inference"]["finish_reason"], "tool_calls");
    assert!(!is_gap_left(&whole) && !is_gap_left(&inference), "{inference}");
    let report = api.get(&key, &format!("{project}/halo/conversations/conv_support0001/report")).await;
    assert_eq!((&report["run_id"], &report["agent"]["service"]), (&json!("run_support00001"), &json!("support-api")));
    assert!(report["findings"].as_array().unwrap().len() >= 8, "{report}");
    let schedules = api.get(&key, &format!("{project}/halo/schedules")).await;
    assert_eq!(table(&schedules["schedules"], &["id", "status"]), json!([["sched_support001", "paused"]]));
    // Nothing of it was charged.
    assert_eq!(api.get(&key, "/v1/whoami").await["team"]["credits"], 0);
    api.stop().await;
}

/// Whether a gap of a story was left open.
fn is_gap_left(told: &Value) -> bool {
    ["{order}", "{product}", "{city}", "{name}"].iter().any(|gap| told.to_string().contains(gap))
}
