//! Analyses of a run: what is found, what is refused, and what becomes of one when the server is killed.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    account::{Account, again, is_over, start, text},
    site::Site,
    store,
};

/// A file of a case, with the site's URL in the place of `{base}`.
fn file(case: &Path, name: &str, site: &Site) -> Option<String> {
    Some(fs::read_to_string(case.join(name)).ok()?.replace("{base}", &site.url("")))
}

/// Serves the pages of a folder, and says where they are, in the order of their names.
pub(crate) fn publish(site: &Site, path: &str, folder: &Path) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(folder).expect("pages").map(|file| file.expect("a page").path()).collect();
    files.sort();
    let publish = |file: &Path| {
        let path = format!("{path}/{}", file.file_name().expect("a name").display());
        let html = file.extension().is_some_and(|extension| extension == "html");
        let media_type = if html { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" };
        site.publish(&path, media_type, fs::read(file).expect("a page"));
        site.url(&path)
    };
    files.iter().map(|file| publish(file)).collect()
}

/// Each folder of `data/analyses` has pages, what is found in them, and how that was worked out by
/// hand; in the working, stop words are in brackets.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_what_was_worked_out_by_hand() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let (mut cases, mut summaries) = (0, 0);
    for case in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/analyses")).expect("cases") {
        let case = case.expect("a case").path();
        let name = case.file_name().expect("a name").display().to_string();
        let expected: Value = serde_json::from_str(&file(&case, "expected.json", &site).expect(&name)).expect(&name);
        let mut urls = publish(&site, &format!("/analyses/{name}"), &case.join("pages"));
        let more = expected["more_paths"].as_array().into_iter().flatten();
        urls.extend(more.map(|path| site.url(path.as_str().expect("a path"))));
        let run = account.collect(&text(&expected["engine"]), &urls).await;
        let analysis = account.analyse(&run["run"]["id"], &text(&expected["template"])).await;

        let result = &analysis["result"];
        assert_eq!(result["made_by"], "builtin", "{name}: {analysis:#}");
        for part in ["counts", "findings", "remarks"] {
            assert_eq!(result[part], expected[part], "{name}, {part}: {:#}", result[part]);
        }
        if let Some(summary) = file(&case, "summary.md", &site) {
            assert_eq!(text(&result["summary"]), summary.trim_end(), "{name}");
            summaries += 1;
        }
        let again = account.analyse(&run["run"]["id"], &text(&expected["template"])).await;
        assert_eq!(again["result"].to_string(), result.to_string(), "{name}: other bytes");
        cases += 1;
    }
    assert!(cases >= 5 && summaries >= 2, "{cases} cases, {summaries} summaries");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_is_made_in_the_background_and_listed() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/page/1", "/page/2"])).await;
    let run_id = text(&run["run"]["id"]);

    let created = account.call("create_analysis", json!({"run_id": run_id})).await;
    let id = text(&created["id"]);
    assert!(id.starts_with("analysis_") && id.len() == 33, "{id}");
    let expected = json!({"run_id": run_id, "template": "summary", "status": "queued", "attempts": 0, "log": []});
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(created[field], *value, "{field}");
    }

    let made = account.until("get_analysis", json!({"analysis_id": id}), is_over).await;
    assert_eq!((&made["status"], &made["attempts"]), (&json!("completed"), &json!(1)));
    assert_eq!(made["created_at"], created["created_at"]);
    assert_eq!(made["log"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        [&made["log"][0]["started_at"], &made["log"][0]["ended_at"], &made["log"][0]["outcome"]],
        [&made["started_at"], &made["finished_at"], &json!("completed")]
    );
    assert_eq!(made["result"]["counts"]["items"], run["run"]["items"]);

    let second = account.analyse(&json!(run_id), "quality").await;
    let other_run = account.collect("text", &site.urls(&["/page/3"])).await;
    account.analyse(&other_run["run"]["id"], "summary").await;
    let brief = |analysis: &Value| {
        let mut analysis = analysis.clone();
        analysis.as_object_mut().expect("an analysis").retain(|field, _| field != "log" && field != "result");
        analysis
    };
    let listed = account.call("list_analyses", json!({"run_id": run_id})).await;
    assert_eq!(listed, json!({"analyses": [brief(&second), brief(&made)], "total": 2}));
    let page = account.call("list_analyses", json!({"run_id": run_id, "limit": 1, "offset": 1})).await;
    assert_eq!(page, json!({"analyses": [brief(&made)], "total": 2}));

    let audit = store::column(&server, "SELECT actor || ' ' || object FROM audit WHERE action = 'analysis.created'");
    let by = audit.await;
    assert_eq!((by.len(), &by[0]), (3, &format!("token of local {id}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_declared_template_is_listed_and_can_be_chosen() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/page/1"])).await;
    let listed = account.call("list_analysis_templates", json!({})).await;
    let templates = listed["templates"].as_array().expect("templates");
    let names: Vec<&str> = templates.iter().filter_map(|template| template["name"].as_str()).collect();
    assert_eq!(names, ["summary", "key_terms", "quality"]);
    for template in templates {
        let made = account.analyse(&run["run"]["id"], &text(&template["name"])).await;
        assert_eq!(made["result"]["findings"]["template"], template["name"]);
        assert!(text(&made["result"]["summary"]).starts_with(&format!("# {}\n", text(&template["title"]))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_are_cut_and_say_so() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    site.publish("/same", "text/plain", "words");
    let many = |count: usize, path: &str| (0..count).map(|at| format!("{path}?{at}")).collect::<Vec<_>>();
    let paths = [many(51, "/status/404"), many(51, "/bytes/0"), many(11, "/same")].concat();
    let mut urls: Vec<String> = paths.iter().map(|path| site.url(path)).collect();
    // These are not asked: only public addresses are, and this one.
    urls.extend((0..20).map(|at| format!("http://10.0.0.{at}/")));
    let run = account.collect("text", &urls).await;
    let result = account.analyse(&run["run"]["id"], "quality").await["result"].clone();

    let findings = &result["findings"];
    let listed = |list: &Value| list.as_array().expect("a list").clone();
    assert_eq!(listed(&findings["failed"])[49]["url"], urls[49]);
    assert_eq!(listed(&findings["failed"]).len(), 50);
    assert_eq!(findings["empty"], json!(urls[51..101]));
    assert_eq!(findings["duplicates"], json!([{"pages": 11, "urls": urls[102..112]}]));
    let hosts = listed(&result["counts"]["by_host"]);
    assert_eq!(hosts[0], json!({"value": "127.0.0.1", "items": 113}));
    assert_eq!((&hosts[1]["value"], &hosts[2]["value"]), (&json!("10.0.0.0"), &json!("10.0.0.1")));
    assert_eq!((&hosts[3]["value"], hosts.len()), (&json!("10.0.0.10"), 20));
    assert_eq!(
        result["remarks"],
        json!([
            "71 of 133 items were not collected, and say nothing here.",
            "Of 21 hosts, only the 20 with the most items are named.",
            "Of 71 pages that failed, only the first 50 are listed.",
            "Of 51 empty pages, only the first 50 are listed.",
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_collected_can_be_analysed() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let failed = account.collect("text", &site.urls(&["/status/404"])).await["run"]["id"].clone();
    let cancelled = account.create(json!({"urls": site.urls(&["/gate/0"])})).await;
    account.call("cancel_run", json!({"run_id": cancelled})).await;
    let running = account.create(json!({"urls": site.urls(&["/gate/1"])})).await;
    account.when(&running, |run| run["run"]["status"] == "running").await;
    let queued = account.create(json!({"urls": site.urls(&["/gate/2"])})).await;

    for (run_id, expected) in [
        (text(&failed), "is failed, and only completed runs are analysed: nothing was collected; retry_run"),
        (cancelled, "is cancelled, and only completed runs are analysed: take up its items with retry_item"),
        (running, "is running, and only completed runs are analysed: wait until get_run says"),
        (queued, "is queued, and only completed runs are analysed: wait until get_run says"),
    ] {
        let refusal = account.refusal("create_analysis", json!({"run_id": run_id})).await;
        assert!(refusal.starts_with(&format!("wrong_state: run `{run_id}` {expected}")), "{refusal}");
        let listed = account.call("list_analyses", json!({"run_id": run_id})).await;
        assert_eq!(listed, json!({"analyses": [], "total": 0}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn analyses_belong_to_their_account() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut owner = Account::named(&server, "owner");
    let mut stranger = Account::named(&server, "stranger");
    let run = owner.collect("text", &site.urls(&["/page/1"])).await;
    let run_id = &run["run"]["id"];
    let analysis = owner.analyse(run_id, "summary").await;
    let count = "SELECT count(*) || '' FROM analyses";
    let before = store::column(&server, count).await;

    for (tool, arguments, what, id) in [
        ("create_analysis", json!({"run_id": run_id}), "run", run_id),
        ("list_analyses", json!({"run_id": run_id}), "run", run_id),
        ("get_analysis", json!({"analysis_id": analysis["id"]}), "analysis", &analysis["id"]),
        ("get_analysis", json!({"analysis_id": run_id}), "analysis", run_id),
    ] {
        let refusal = stranger.refusal(tool, arguments).await;
        let expected = format!("not_found: there is no {what} `{}` in your account", text(id));
        assert!(refusal.starts_with(&expected), "{tool}: {refusal}");
    }
    assert_eq!(store::column(&server, count).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_that_takes_too_long_is_given_up() {
    let site = Site::start().await;
    let server = start(&["--analysis-seconds", "1"]);
    let mut account = Account::of(&server);
    // Its parser would need hours, and is stopped after five seconds for each of the pages.
    site.publish("/deep", "text/html", "<div>".repeat(100_000));
    let run = account.collect("raw", &site.urls(&["/deep", "/deep?1", "/deep?2"])).await;
    let made = account.analyse(&run["run"]["id"], "summary").await;
    let error = "it took longer than 1 s: analyse fewer or smaller pages, in runs of engine `text`; create_analysis makes another";
    assert_eq!((&made["status"], &made["error"], &made["attempts"]), (&json!("failed"), &json!(error), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_makes_the_analysis_once() {
    let site = Site::start().await;
    let mut server = start(&[]);
    let token = server.token("owner", &["runs:read", "runs:write", "analyses:read", "analyses:write"]);
    let mut account = Account::with_token(&server, &token);
    // Large enough to be killed in the middle.
    let words: Vec<String> = (0..200_000).map(|word| format!("w{word}")).collect();
    let paths: Vec<String> = (0..6).map(|page| format!("/large/{page}")).collect();
    for path in &paths {
        site.publish(path, "text/plain", words.join(" "));
    }
    let urls: Vec<String> = paths.iter().map(|path| site.url(path)).collect();
    let run = account.collect("text", &urls).await;
    let created = account.call("create_analysis", json!({"run_id": run["run"]["id"]})).await;
    let analysis = json!({"analysis_id": created["id"]});
    account.until("get_analysis", analysis.clone(), |analysis| analysis["status"] == "running").await;
    server.kill();
    assert_eq!(store::column(&server, "SELECT status FROM analyses").await, ["running"]);

    let server = again(&server, &[]);
    let mut account = Account::with_token(&server, &token);
    let made = account.until("get_analysis", analysis, is_over).await;
    assert_eq!((&made["status"], &made["attempts"]), (&json!("completed"), &json!(2)));
    let log: Vec<_> = made["log"]
        .as_array()
        .expect("a log")
        .iter()
        .map(|attempt| attempt["outcome"].as_str().expect("text"))
        .collect();
    assert_eq!(log, ["interrupted", "completed"]);
    assert_eq!(made["log"][0]["detail"], "the server was killed");
    assert_eq!(made["result"]["counts"]["words"], 6 * 200_000);
    assert_eq!(made["result"]["counts"]["distinct_words"], 100_000);
    assert_eq!(made["result"]["remarks"], json!(["Only the first 100000 different words are told apart."]));
}
