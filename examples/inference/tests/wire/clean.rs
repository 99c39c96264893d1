//! What only looks, and what is refused, leaves the API's store as it was, to the last row.

use std::collections::BTreeSet;

use inference_tools::SERVER;
use serde_json::{Value, json};
use toolwright_tests::{Client, Revision};

use crate::{
    place::Place,
    project::{Ids, filled, furnish},
    reading::{readings, tools},
    refusals::refusals,
};

/// Arguments of each tool that writes, with which it would change something.
fn writing(ids: &Ids) -> Vec<(&'static str, Value)> {
    let schedule = || json!({"schedule_id": "$schedule"});
    let calls = [
        ("create_dataset", json!({"name": "More", "agent": "sorter"})),
        ("create_rubric", json!({"name": "More", "checks": [{"type": "exact"}]})),
        ("run_eval", json!({"dataset_id": "$dataset", "rubric_id": "$rubric"})),
        ("launch_training_job", json!({"dataset_id": "$dataset"})),
        ("cancel_training_job", json!({"training_job_id": "$job"})),
        ("create_deployment", json!({"name": "more", "model_id": "$model"})),
        ("update_deployment", json!({"deployment_id": "$deployment", "status": "stopped"})),
        ("run_halo", json!({"agent": "librarian"})),
        ("create_halo_schedule", json!({"agent": "librarian", "cron": "0 0 1 1 *"})),
        ("pause_halo_schedule", schedule()),
        ("resume_halo_schedule", schedule()),
        ("archive_halo_schedule", schedule()),
    ];
    calls.into_iter().map(|(tool, arguments)| (tool, filled(&arguments, ids))).collect()
}

fn about(mut arguments: Value, project: &str) -> Value {
    arguments["project"] = json!(project);
    arguments
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_or_is_refused_leaves_no_trace() {
    let place = Place::start();
    let mut owner = place.owner().await;
    let ids = furnish(&owner).await;
    let elsewhere = place.key(&["--write", "demo"]);
    let reading = place.key(&["--read", "own"]);
    let key = place.key(&["--write", "own"]);
    let other = if reading.ends_with('A') { 'B' } else { 'A' };
    let unknown = format!("{}{other}", &reading[..reading.len() - 1]);
    let before = place.dump().await;
    assert!(before.contains("INSERT INTO halo_reports") && before.contains("INSERT INTO training_jobs"), "{before}");
    let unchanged = async |case: &str| assert!(place.dump().await == before, "{case} has left something");

    for reading in readings() {
        let reply = owner.ask(reading.tool, filled(&reading.arguments, &ids)).await;
        assert!(!reply.is_tool_error(), "{}: {reply:?}", reading.tool);
    }
    unchanged("looking").await;
    for (tool, arguments, _) in refusals() {
        owner.refusal(tool, filled(&arguments, &ids)).await;
    }
    unchanged("what is refused").await;

    let mut asked = Vec::new();
    for (tool, arguments) in writing(&ids) {
        asked.push(tool);
        let nobody = Client::http(place.server.url(), None, Revision::V2025_11_25);
        let mut nobody = place.caller_by("", nobody).await;
        let mut stranger = place.caller(&unknown).await;
        for caller in [&mut nobody, &mut stranger] {
            let reply = caller.ask(tool, arguments.clone()).await;
            assert_eq!((reply.status, reply.error_code()), (Some(401), Some(-31401)), "{tool}: {reply:?}");
        }
        let reply = place.caller(&reading).await.ask(tool, arguments.clone()).await;
        assert_eq!((reply.status, reply.error_code()), (Some(403), Some(-31403)), "{tool}: {reply:?}");
        for project in ["demo", "nowhere"] {
            let refusal = owner.refusal(tool, about(arguments.clone(), project)).await;
            assert!(refusal.contains("Project not found"), "{tool}: {refusal}");
        }
        let mut wrong = arguments.clone();
        wrong["unheard_of"] = json!(1);
        assert!(owner.refusal(tool, wrong).await.starts_with("invalid_arguments: "), "{tool}");
    }
    assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), tools(&["write", "destructive"]));
    unchanged("who may not").await;

    // Things of another project, by ids that exist.
    let mut neighbour = place.caller(&elsewhere).await;
    for (tool, arguments) in writing(&ids) {
        if arguments.as_object().expect("arguments").values().any(|value| ids.values().any(|id| id == value)) {
            let refusal = neighbour.refusal(tool, arguments).await;
            // A model is told as one that there is not, too: it is none of those that can be served.
            let is_unknown = ["not_found: ", "invalid_arguments: `model_id`: name a model of kind `trained`"];
            assert!(is_unknown.iter().any(|unknown| refusal.starts_with(unknown)), "{tool}: {refusal}");
        }
    }
    unchanged("a neighbour").await;

    unconfirmed(&place, &key, &ids).await;
    unchanged("what nobody has agreed to").await;
}

/// The tools whose calls a person has to agree to.
fn confirmed() -> BTreeSet<String> {
    let list: Vec<Value> = serde_json::from_str(SERVER.tool_list).expect("the generated list");
    let asking = list.iter().filter(|tool| tool.pointer("/inputSchema/properties/confirmation").is_some());
    asking.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

/// Calls what a person has to agree to, with a client that cannot ask and with one that can, and nobody agrees.
async fn unconfirmed(place: &Place, key: &str, ids: &Ids) {
    let mut telling = place.caller(key).await;
    let client = Client::http(place.server.url(), Some(key), Revision::V2026_07_28);
    let mut asking = place.caller_by(key, client.capable(json!({"elicitation": {}}))).await;
    let confirmed = confirmed();
    assert_eq!(confirmed.len(), 5, "{confirmed:?}");
    for (tool, arguments) in writing(ids).into_iter().filter(|(tool, _)| confirmed.contains(*tool)) {
        let mut forged = arguments.clone();
        forged["confirmation"] = json!("yes");
        for arguments in [arguments.clone(), forged] {
            let told = telling.ask(tool, arguments).await;
            assert!(told.is_tool_error() && told.text().starts_with("not_confirmed: "), "{tool}: {told:?}");
        }
        let asked = asking.ask(tool, arguments.clone()).await;
        assert_eq!(asked.result()["resultType"], "input_required", "{tool}: {asked:?}");
        for answer in [
            json!({"action": "decline"}),
            json!({"action": "cancel"}),
            json!({"action": "accept", "content": {"agreed": false}}),
        ] {
            let params = json!({
                "name": tool,
                "arguments": arguments,
                "requestState": asked.result()["requestState"],
                "inputResponses": {"confirmation": answer},
            });
            let told = asking.request("tools/call", params).await;
            assert!(told.is_tool_error() && told.text().starts_with("not_confirmed: "), "{tool} {answer}: {told:?}");
        }
    }
}
