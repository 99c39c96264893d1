//! Exports, read back by parsers of their formats: what was collected cannot break out of its place.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::{
    account::{Account, start, text},
    site::Site,
};

/// Bodies that mean something in one of the formats.
const HOSTILE: &[&str] = &[
    "=HYPERLINK(\"http://evil.example/\",\"click\")",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "plain, with \"quotes\", commas\nand\r\nlines",
    "<script>alert(1)</script></pre></section><h1>out</h1>",
    "&lt;already&gt; &amp; escaped",
    "```\nout of the fence\n```` and ````` further",
    "# heading\n\n[link](javascript:alert(1)) ![x](y) `code`",
    "\n\nleading and trailing\n\n",
    "nul and friends: \u{1}\u{7f}\u{2028}\u{feff}",
    "",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1+1",
    "－2+3",
    "＠SUM(A1:A9)",
];

/// What makes a spreadsheet take a cell for a formula; full-width signs do in some languages.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A run with every hostile body, a failed item, and a hostile name.
async fn hostile_run(account: &mut Account, site: &Site) -> String {
    let mut urls = Vec::new();
    for (at, body) in HOSTILE.iter().enumerate() {
        let path = format!("/hostile/{at}");
        site.publish(&path, "text/plain; charset=utf-8", *body);
        urls.push(site.url(&format!("{path}?a=`1`&b='2'")).replace('`', "%60"));
    }
    urls.push(site.url("/status/404"));
    let name = "<b>*bold*</b> `tick` [a](b)\n# no heading";
    let run_id = account.create(json!({"engine": "raw", "name": name, "urls": urls})).await;
    account.over(&run_id).await;
    run_id
}

async fn export(account: &mut Account, run_id: &str, format: &str) -> String {
    let export = account.call("export_run", json!({"run_id": run_id, "format": format})).await;
    assert_eq!(export["format"], format);
    assert_eq!(export.get("next_offset"), None);
    text(&export["content"])
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_content_stays_in_its_place() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run_id = hostile_run(&mut account, &site).await;
    let run = account.get(&run_id).await;

    let json: Value = serde_json::from_str(&export(&mut account, &run_id, "json").await).expect("JSON");
    assert_eq!(json["run"], run["run"]);
    let contents: Vec<&str> =
        json["items"].as_array().expect("items").iter().filter_map(|item| item["content"].as_str()).collect();
    // A byte order mark in the middle is text; everything is as it was sent.
    assert_eq!(contents, HOSTILE);

    csv_is_safe(&export(&mut account, &run_id, "csv").await, &json);
    html_is_safe(&export(&mut account, &run_id, "html").await, &json);
    markdown_is_safe(&export(&mut account, &run_id, "md").await, &json);
}

fn csv_is_safe(file: &str, json: &Value) {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let columns = ["id", "url", "status", "http_status", "final_url", "media_type", "bytes", "error", "content"];
    assert_eq!(reader.headers().expect("a header"), columns.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    let items = json["items"].as_array().expect("items");
    assert_eq!(rows.len(), items.len());
    for (row, item) in rows.iter().zip(items) {
        for (cell, column) in row.iter().zip(columns) {
            assert!(!cell.starts_with(FORMULA_STARTS), "a formula: {cell:?}");
            let value = match &item[column] {
                Value::String(value) => value.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            assert!(cell == value || cell == format!("'{value}"), "{column}: {cell:?}, {value:?}");
        }
    }
    assert_eq!(&rows[0][8], "'=HYPERLINK(\"http://evil.example/\",\"click\")");
    assert_eq!(&rows[5][8], HOSTILE[5]);
}

fn html_is_safe(file: &str, json: &Value) {
    let html = Html::parse_document(file);
    let texts = |selector: &str| -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).map(|element| element.text().collect()).collect()
    };
    assert!(html.errors.is_empty(), "{:?}", html.errors);
    assert_eq!(texts("script, b, a, img"), [""; 0]);
    assert_eq!(texts("h1"), [text(&json["run"]["name"])]);
    assert_eq!(texts("title"), [text(&json["run"]["name"])]);
    let items = json["items"].as_array().expect("items");
    assert_eq!(texts("h2"), items.iter().map(|item| text(&item["url"])).collect::<Vec<_>>());
    // A parser of HTML makes one line feed of each kind of line end.
    let expected: Vec<String> = HOSTILE.iter().map(|body| body.replace("\r\n", "\n").replace('\r', "\n")).collect();
    assert_eq!(texts("section > pre"), expected);
}

fn markdown_is_safe(file: &str, json: &Value) {
    let (mut headings, mut blocks) = (Vec::new(), Vec::new());
    let mut open: Option<String> = None;
    for event in Parser::new(file) {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_)) => open = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => headings.extend(open.take()),
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(open) = &mut open {
                    open.push_str(&text);
                }
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock | Tag::Emphasis | Tag::Strong)
            | Event::Html(_)
            | Event::InlineHtml(_) => panic!("{event:?} in:\n{file}"),
            _ => {}
        }
    }
    let items = json["items"].as_array().expect("items");
    let name = text(&json["run"]["name"]).replace('\n', " ");
    let urls = items.iter().map(|item| text(&item["url"]));
    assert_eq!(headings, std::iter::once(name).chain(urls).collect::<Vec<_>>());
    let bare = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned();
    assert_eq!(
        blocks.iter().map(|block| bare(block)).collect::<Vec<_>>(),
        HOSTILE.iter().map(|body| bare(body)).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_run_is_exported_in_parts() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let urls: Vec<String> = (0..20).map(|page| site.url(&format!("/bytes/1000000/{page}"))).collect();
    let run = account.collect("raw", &urls).await;
    let run_id = text(&run["run"]["id"]);

    for format in ["json", "csv", "md", "html"] {
        let refusal = account.refusal("export_run", json!({"run_id": run_id, "format": format})).await;
        assert!(refusal.contains("`limit`") && refusal.contains("16 MiB") && refusal.contains("500"), "{refusal}");
    }
    let mut exported = Vec::new();
    let mut offset = json!(0);
    while !offset.is_null() {
        let part = account.call("export_run", json!({"run_id": run_id, "limit": 8, "offset": offset})).await;
        let file: Value = serde_json::from_str(&text(&part["content"])).expect("JSON");
        exported.extend(file["items"].as_array().expect("items").iter().map(|item| text(&item["url"])));
        offset = part.get("next_offset").cloned().unwrap_or(Value::Null);
    }
    assert_eq!(exported, urls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_every_character_is_escaped_fits() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    site.publish("/quotes", "text/plain", "\"".repeat(2 * 1024 * 1024));
    let run = account.collect("raw", &site.urls(&["/quotes"])).await;
    for format in ["json", "csv", "md", "html"] {
        let arguments = json!({"run_id": run["run"]["id"], "format": format, "limit": 1});
        let content = text(&account.call("export_run", arguments).await["content"]);
        assert!(content.len() > 2 * 1024 * 1024, "{format}");
    }
}
