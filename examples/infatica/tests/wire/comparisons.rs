//! Comparisons of runs: what is found, what is refused, and what becomes of one that failed.

use std::{fs, path::Path};

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::{
    account::{Account, start, text},
    analyses::publish,
    site::Site,
    store,
};

/// Compares runs that no other test needs.
struct Case {
    account: Account,
    site: Site,
    _server: toolwright_tests::Server,
}

impl Case {
    async fn start() -> Self {
        let (site, server) = (Site::start().await, start(&[]));
        Self { account: Account::of(&server), site, _server: server }
    }

    /// Collects a run of pages, each with its text, and answers with its id.
    async fn collect(&mut self, pages: &[(&str, &str)]) -> Value {
        for (path, content) in pages {
            self.site.publish(path, "text/plain; charset=utf-8", (*content).to_owned());
        }
        let paths: Vec<&str> = pages.iter().map(|(path, _)| *path).collect();
        self.account.collect("text", &self.site.urls(&paths)).await["run"]["id"].clone()
    }
}

/// Each folder of `data/comparisons` has the pages of each run, what the templates find, and how that
/// was worked out by hand.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_what_was_worked_out_by_hand() {
    let mut case = Case::start().await;
    let (mut cases, mut summaries) = (0, 0);
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/comparisons")).expect("cases") {
        let folder = folder.expect("a case").path();
        let name = folder.file_name().expect("a name").display().to_string();
        let mut run_ids = Vec::new();
        while let Some(pages) = Some(folder.join((run_ids.len() + 1).to_string())).filter(|pages| pages.exists()) {
            let urls = publish(&case.site, &format!("/comparisons/{name}"), &pages);
            let run = json!({"name": format!("{name} {}", run_ids.len() + 1), "urls": urls});
            let run_id = case.account.create(run).await;
            case.account.over(&run_id).await;
            run_ids.push(run_id);
        }
        let file = |file: &str| {
            let file = fs::read_to_string(folder.join(file)).ok()?.replace("{base}", &case.site.url(""));
            let name_run = |file: String, (at, id)| file.replace(&format!("{{run {}}}", at + 1), id);
            Some(run_ids.iter().map(String::as_str).enumerate().fold(file, name_run))
        };
        let expected: Value = serde_json::from_str(&file("expected.json").expect(&name)).expect(&name);
        for template in ["differences", "overlap", "trends"] {
            let comparison = case.account.compare(json!(run_ids), template).await;
            let result = &comparison["result"];
            assert_eq!(result["made_by"], "builtin", "{name}: {comparison:#}");
            let mut expected = expected[template].clone();
            expected["template"] = json!(template);
            assert_eq!(result["findings"], expected, "{name}, {template}: {:#}", result["findings"]);
            assert_eq!(result["remarks"], json!([]), "{name}, {template}");
            for (run_id, compared) in run_ids.iter().zip(result["runs"].as_array().expect("runs")) {
                let analysis = case.account.analyse(&json!(run_id), "summary").await;
                assert_eq!(compared["run_id"], *run_id, "{name}");
                assert_eq!(compared["counts"], analysis["result"]["counts"], "{name}");
            }
            if let Some(summary) = file(&format!("{template}.md")) {
                assert_eq!(text(&result["summary"]), summary.trim_end(), "{name}, {template}");
                summaries += 1;
            }
            let again = case.account.compare(json!(run_ids), template).await;
            assert_eq!(again["result"].to_string(), result.to_string(), "{name}, {template}: other bytes");
        }
        cases += 1;
    }
    assert!(cases >= 3 && summaries >= 3, "{cases} cases, {summaries} summaries");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_is_made_in_the_background_and_listed() {
    let mut case = Case::start().await;
    let (one, other) = (case.collect(&[("/a", "one")]).await, case.collect(&[("/a", "other")]).await);
    let created = case.account.call("compare_runs", json!({"run_ids": [other, one]})).await;
    let id = text(&created["id"]);
    assert!(id.starts_with("comparison_") && id.len() == 35, "{id}");
    let expected = json!({
        "run_ids": [other, one], "template": "differences", "status": "queued", "attempts": 0, "log": [],
    });
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(created[field], *value, "{field}");
    }
    let made = case.account.compared(&created["id"]).await;
    assert_eq!((&made["status"], &made["log"][0]["outcome"]), (&json!("completed"), &json!("completed")));
    let change = &made["result"]["findings"]["changes"][0];
    assert_eq!((&change["from_run_id"], &change["to_run_id"]), (&other, &one));

    let second = case.account.compare(json!([one, other]), "overlap").await;
    let brief = |comparison: &Value| {
        let mut comparison = comparison.clone();
        comparison.as_object_mut().expect("fields").retain(|field, _| field != "log" && field != "result");
        comparison
    };
    let listed = case.account.call("list_comparisons", json!({})).await;
    assert_eq!(listed, json!({"comparisons": [brief(&second), brief(&made)], "total": 2}));
    let page = case.account.call("list_comparisons", json!({"limit": 1, "offset": 1})).await;
    assert_eq!(page, json!({"comparisons": [brief(&made)], "total": 2}));
    // Analyses are no comparisons, and comparisons no analyses.
    let analyses = case.account.call("list_analyses", json!({"run_id": one})).await;
    assert_eq!(analyses, json!({"analyses": [], "total": 0}));
    let refusal = case.account.refusal("get_analysis", json!({"analysis_id": id})).await;
    assert!(refusal.starts_with(&format!("not_found: there is no analysis `{id}`")), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_known_by_its_address() {
    let mut case = Case::start().await;
    case.site.publish("/", "text/plain", "home");
    let (base, root) = (case.site.url(""), case.site.url("/"));
    let mut runs = Vec::new();
    for urls in [[base.clone(), format!("{base}/#top")], [root.clone(), format!("{root}#end")]] {
        runs.push(case.account.collect("text", &urls).await["run"]["id"].clone());
    }
    let made = case.account.compare(json!(runs), "differences").await;
    let findings = &made["result"]["findings"];
    assert_eq!((&findings["pages_in_all"], &findings["unchanged"]), (&json!(1), &json!(1)), "{findings:#}");
    assert_eq!([&findings["only"][0]["pages"], &findings["only"][1]["pages"]], [0, 0], "{findings:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_are_cut_and_say_so() {
    let mut case = Case::start().await;
    let old: Vec<String> = (0..102).map(|at| case.site.url(&format!("/page/{at:03}"))).collect();
    let new: Vec<String> = old[51..].to_vec();
    let one = case.account.collect("text", &old).await["run"]["id"].clone();
    for url in &new {
        case.site.publish(url.strip_prefix(&case.site.url("")).expect("a path"), "text/plain", "new");
    }
    let other = case.account.collect("text", &new).await["run"]["id"].clone();
    let made = case.account.compare(json!([one, other]), "differences").await;
    let findings = &made["result"]["findings"];
    assert_eq!(findings["only"][0], json!({"run_id": one, "pages": 51, "urls": old[..50]}));
    assert_eq!((&findings["changed"], findings["changes"].as_array().map(Vec::len)), (&json!(51), Some(50)));
    assert_eq!(
        made["result"]["remarks"],
        json!([
            format!("Of 51 pages that only {} has, only the first 50 are listed.", text(&one)),
            "Of 51 changes, only the first 50 are listed.",
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pages_say_cannot_break_out_of_a_summary() {
    let mut case = Case::start().await;
    let hostile =
        "<script>alert(1)</script>\n![x](http://evil.example/?)\n# heading\n| a | b |\n- [link](javascript:x)\n";
    let one = case.collect(&[("/a", "harmless")]).await;
    let other = case.collect(&[("/a", hostile)]).await;
    let made = case.account.compare(json!([one, other]), "differences").await;
    let summary = text(&made["result"]["summary"]);
    let (mut headings, mut words) = (0, String::new());
    for event in Parser::new_ext(&summary, Options::ENABLE_TABLES) {
        match event {
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock) => {
                panic!("{event:?} in:\n{summary}")
            }
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Text(text) => words.push_str(&text),
            _ => {}
        }
    }
    assert_eq!(headings, 4, "{summary}");
    for line in hostile.lines().take(3) {
        assert!(words.contains(line), "{line} is not in:\n{summary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_compared_is_refused() {
    let mut case = Case::start().await;
    let good = case.collect(&[("/a", "a")]).await;
    let raw = case.account.collect("raw", &case.site.urls(&["/a"])).await["run"]["id"].clone();
    let failed = case.account.collect("text", &case.site.urls(&["/status/404"])).await["run"]["id"].clone();
    let many: Vec<String> = (0..11).map(|at| format!("run_{at}")).collect();
    let wrong = |run: &Value, rest: &str| format!("wrong_state: run `{}` {rest}", text(run));
    for (run_ids, expected) in [
        (json!([good, failed]), wrong(&failed, "is failed, and only completed runs are analysed: nothing was")),
        (json!([good, raw]), wrong(&good, &format!("is of engine `text` and run `{}` of `raw`", text(&raw)))),
        (json!([good, "run_nothing"]), "not_found: there is no run `run_nothing` in your account".to_owned()),
        (json!([good, good]), "invalid_arguments: `run_ids`: ".to_owned()),
        (json!([good]), "invalid_arguments: `run_ids`: ".to_owned()),
        (json!(many), "invalid_arguments: `run_ids`: ".to_owned()),
    ] {
        let refusal = case.account.refusal("compare_runs", json!({"run_ids": run_ids})).await;
        assert!(refusal.starts_with(&expected), "{run_ids}: {refusal}");
    }
    assert_eq!(case.account.call("list_comparisons", json!({})).await["total"], 0);
    // Of other templates, the engine is no matter.
    let made = case.account.compare(json!([good, raw]), "overlap").await;
    assert_eq!(made["result"]["findings"]["pairs"][0]["shared_pages"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_failed_comparison_is_retried() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let mut runs = Vec::new();
    for path in ["/page/1", "/page/2"] {
        runs.push(account.collect("text", &site.urls(&[path, "/status/404"])).await["run"]["id"].clone());
    }
    let made = account.compare(json!(runs), "differences").await;
    let comparison = json!({"comparison_id": made["id"]});
    let mut database = store::open(&server).await;
    let cases = [
        (
            "completed",
            "result = result",
            "list_comparisons has its result; compare_runs compares what the runs have by now",
        ),
        ("queued", "result = NULL, finished_at = NULL, due_at = 1e18", "it is going to be made anyway"),
        ("running", "result = NULL, finished_at = NULL", "it is going to be made anyway"),
    ];
    for (status, change, expected) in cases {
        let update = format!("UPDATE analyses SET status = '{status}', {change}");
        database.execute(sqlx::AssertSqlSafe(update)).await.expect(status);
        let refusal = account.refusal("retry_comparison", comparison.clone()).await;
        let expected = format!("wrong_state: comparison `{}` is {status}: {expected}", text(&made["id"]));
        assert!(refusal.starts_with(&expected), "{refusal}");
    }

    // Its runs must be completed, then as before.
    let fail = "UPDATE analyses SET status = 'failed', error = 'a fault', result = NULL, faults = 3, finished_at = 1";
    database.execute(fail).await.expect("a failed comparison");
    let run_id = text(&runs[0]);
    site.publish("/status/404", "text/plain", "late");
    let gate = account.create(json!({"urls": site.urls(&["/gate/1"])})).await;
    account.when(&gate, |run| run["run"]["status"] == "running").await;
    account.call("retry_run", json!({"run_id": run_id})).await;
    let refusal = account.refusal("retry_comparison", comparison.clone()).await;
    assert!(refusal.starts_with(&format!("wrong_state: run `{run_id}` is queued")), "{refusal}");
    site.open_gate();
    account.over(&run_id).await;

    let retried = account.call("retry_comparison", comparison).await;
    assert_eq!((&retried["status"], &retried["attempts"]), (&json!("queued"), &json!(1)));
    assert_eq!((retried.get("error"), retried.get("finished_at"), retried.get("result")), (None, None, None));
    let again = account.compared(&made["id"]).await;
    assert_eq!((&again["status"], &again["attempts"]), (&json!("completed"), &json!(2)));
    assert_eq!(again["log"].as_array().map(Vec::len), Some(2));
    assert_eq!((&again["created_at"], &again["started_at"]), (&made["created_at"], &made["started_at"]));
    assert_eq!(again["result"]["runs"][0]["counts"]["items"]["completed"], 2, "what was collected by then");
    let faults = store::column(&server, "SELECT faults || '' FROM analyses").await;
    assert_eq!(faults, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn comparisons_belong_to_their_account() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut owner = Account::named(&server, "owner");
    let mut stranger = Account::named(&server, "stranger");
    let mut runs = Vec::new();
    for path in ["/page/1", "/page/2"] {
        runs.push(owner.collect("text", &site.urls(&[path])).await["run"]["id"].clone());
    }
    let own = stranger.collect("text", &site.urls(&["/page/1"])).await["run"]["id"].clone();
    let made = owner.compare(json!(runs), "differences").await;
    for (tool, arguments, what, id) in [
        ("compare_runs", json!({"run_ids": [own, runs[0]]}), "run", &runs[0]),
        ("list_comparisons", json!({"comparison_id": made["id"]}), "comparison", &made["id"]),
        ("retry_comparison", json!({"comparison_id": made["id"]}), "comparison", &made["id"]),
    ] {
        let refusal = stranger.refusal(tool, arguments).await;
        let expected = format!("not_found: there is no {what} `{}` in your account", text(id));
        assert!(refusal.starts_with(&expected), "{tool}: {refusal}");
    }
    assert_eq!(stranger.call("list_comparisons", json!({})).await, json!({"comparisons": [], "total": 0}));
    assert_eq!(owner.compared(&made["id"]).await, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_declared_template_is_listed() {
    let server = start(&[]);
    let listed = Account::of(&server).call("list_comparison_templates", json!({})).await;
    let templates = listed["templates"].as_array().expect("templates");
    let names: Vec<&str> = templates.iter().filter_map(|template| template["name"].as_str()).collect();
    assert_eq!(names, ["differences", "overlap", "trends"]);
}
