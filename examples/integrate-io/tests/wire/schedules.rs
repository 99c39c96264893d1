//! The tools of the areas Schedules and Schedule mutations, on what `tests/data/runs.sql` puts into two accounts.

use serde_json::{Value, json};

use crate::{account::each, runs::two_accounts};

/// What list_schedules answers: arguments, ids, and how many there are in all.
const LISTS: &[(&str, &[i64], i64)] = &[
    ("{}", &[8302, 8301], 2),
    (r#"{"limit": 1, "offset": 1}"#, &[8301], 2),
    (r#"{"offset": 2}"#, &[], 2),
    (r#"{"enabled": true}"#, &[8301], 1),
    (r#"{"enabled": false}"#, &[8302], 1),
    (r#"{"package_id": 8101}"#, &[8301], 1),
    (r#"{"package_id": 8101, "enabled": false}"#, &[], 0),
    (r#"{"package_id": 8103}"#, &[], 0),
];

#[tokio::test(flavor = "multi_thread")]
async fn schedules_come_by_name() {
    let (_server, mut mine, mut theirs) = two_accounts().await;
    for (arguments, ids, total) in LISTS {
        let listed = mine.call("list_schedules", serde_json::from_str(arguments).expect("arguments")).await;
        let found: Vec<i64> = each(&listed["schedules"], "id").into_iter().filter_map(Value::as_i64).collect();
        assert_eq!((found.as_slice(), &listed["total"]), (*ids, &json!(total)), "{arguments}");
    }
    let schedule = json!({"id": 8301, "name": "nightly", "package_id": 8101, "cron": "30 2 * * *", "enabled": true,
                          "next_run_at": "2100-01-01T00:00:00.000000Z"});
    assert_eq!(mine.call("list_schedules", json!({"enabled": true})).await["schedules"], json!([schedule]));
    assert_eq!(each(&theirs.call("list_schedules", json!({})).await["schedules"], "id"), [&json!(8303)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_comes_with_its_variables_and_times() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    let schedule = json!({
        "id": 8301, "name": "nightly", "package_id": 8101, "cluster_id": 8201, "cron": "30 2 * * *",
        "time_zone": "Europe/Berlin", "variables": {"threshold": "2500"}, "enabled": true,
        "next_run_at": "2100-01-01T00:00:00.000000Z", "created_at": "2023-11-14T22:13:20.000000Z",
        "updated_at": "2023-11-14T22:13:21.000000Z",
    });
    assert_eq!(mine.call("get_schedule", json!({"schedule_id": 8301})).await, schedule);
    let absent = mine.refusal("get_schedule", json!({"schedule_id": 777_777})).await;
    assert!(absent.contains("there is no schedule `777777` in your account"), "{absent}");
    let of_others = mine.refusal("get_schedule", json!({"schedule_id": 8303})).await;
    assert_eq!(of_others.replace("8303", "777777"), absent);
}
