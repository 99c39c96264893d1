//! The pages as a browser gets them. With `PAGES=folder`, the samples are written there, to be looked at.

mod sample;

use std::{collections::BTreeSet, env, fs, path::Path};

use sample::{BASE, HOSTILE, Made, hostile, plain};
use scraper::{Html, Selector};
use toolwright_pages::{ASSETS, Has, Pages, SiteFile, asset, site};

const ALL: Has = Has { keys: true, activity: true };

/// Every page in every state, by name.
fn documents(text: Made) -> Vec<(String, String)> {
    documents_below(BASE, text)
}

fn documents_below(base: &str, text: Made) -> Vec<(String, String)> {
    let full = sample::full(&Pages::console(sample::server(text), base, ALL), text);
    let empty = sample::empty(&Pages::console(sample::least(), base, ALL));
    let full = full.into_iter().map(|(name, page)| (name.to_owned(), page));
    full.chain(empty.into_iter().map(|(name, page)| (format!("{name}-empty"), page))).collect()
}

/// The elements that a selector finds, with an attribute of each that has it.
fn attributes(document: &str, selector: &str, attribute: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    let document = Html::parse_document(document);
    document.select(&selector).filter_map(|element| element.attr(attribute)).map(str::to_owned).collect()
}

#[test]
fn every_page_is_a_whole_document() {
    for (name, page) in documents(plain) {
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{name}");
        for (selector, expected) in [("main#main", 1), ("h1", 1), ("a.skip[href='#main']", 1), ("head > title", 1)] {
            let found = Html::parse_document(&page);
            let count = found.select(&Selector::parse(selector).expect("a selector")).count();
            assert_eq!(count, expected, "{name}: {selector}");
        }
        let ids = attributes(&page, "[id]", "id");
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{name} has an id twice: {ids:?}");
        for attribute in ["for", "aria-labelledby", "aria-describedby", "list", "form", "commandfor"] {
            for named in attributes(&page, &format!("[{attribute}]"), attribute) {
                for id in named.split_whitespace() {
                    assert!(ids.iter().any(|known| known == id), "{name}: {attribute} names {id}, which is not there");
                }
            }
        }
    }
}

#[test]
fn nothing_that_somebody_wrote_is_more_than_text() {
    let elements = |text: Made| {
        documents(text).into_iter().map(|(name, page)| {
            let document = Html::parse_document(&page);
            let names: Vec<_> =
                document.tree.values().filter_map(|node| Some(node.as_element()?.name().to_owned())).collect();
            (name, page, names)
        })
    };
    for ((name, _, expected), (_, page, found)) in elements(plain).zip(elements(hostile)) {
        assert_eq!(found, expected, "{name}");
        assert!(!page.contains(HOSTILE), "{name}");
    }
}

#[test]
fn no_page_has_a_script_or_a_style_within() {
    for (name, page) in documents(hostile) {
        let document = Html::parse_document(&page);
        for element in document.tree.values().filter_map(|node| node.as_element()) {
            let is_data = element.attr("type") == Some("application/json");
            assert!(element.name() != "script" || is_data || element.attr("src").is_some(), "{name}");
            assert_ne!(element.name(), "style", "{name}");
            for (attribute, value) in element.attrs() {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {attribute}");
                assert!(!value.trim_start().starts_with("javascript:"), "{name}: {value}");
            }
        }
    }
}

#[test]
fn every_address_is_one_that_is_served() {
    const SERVED: [&str; 10] =
        ["sign-in", "sign-out", "tokens", "tokens/revoke", "connect", "tools", "keys", "keys/delete", "activity", ""];
    /// Those of links that add the server to a client.
    const SCHEMES: [&str; 4] = ["cursor:", "vscode:", "goose:", "lmstudio:"];
    for (name, page) in documents(plain) {
        for (selector, attribute) in
            [("a[href]", "href"), ("link", "href"), ("script", "src"), ("form", "action"), ("button", "formaction")]
        {
            for address in attributes(&page, selector, attribute) {
                if address.starts_with('#') || SCHEMES.iter().any(|scheme| address.starts_with(scheme)) {
                    continue;
                }
                let address = address.split('#').next().unwrap_or_default();
                let path = address.strip_prefix(BASE).and_then(|path| path.strip_prefix('/'));
                let path = path.unwrap_or_else(|| panic!("{name} leads to {address}"));
                let is_asset = path.strip_prefix("assets/").is_some_and(|name| asset(name).is_some());
                assert!(is_asset || SERVED.contains(&path), "{name} leads to {address}");
            }
        }
    }
}

#[test]
fn every_form_that_is_posted_is_bound_to_the_session() {
    for (name, page) in documents(plain) {
        let document = Html::parse_document(&page);
        for form in document.select(&Selector::parse("form[method=post]").expect("a selector")) {
            let bound = Selector::parse("input[type=hidden][name=csrf]").expect("a selector");
            let bound = form.select(&bound).next().and_then(|input| input.attr("value"));
            let is_sign_in = form.attr("action") == Some("/settings/sign-in");
            assert!(is_sign_in || bound == Some("c5f"), "{name}: {:?}", form.attr("action"));
        }
    }
}

/// The texts that a browser shows of the elements that a selector finds.
fn texts(document: &str, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    Html::parse_document(document).select(&selector).map(|element| element.text().collect()).collect()
}

#[test]
fn a_snippet_has_a_name_that_every_client_takes_or_the_declared_one() {
    let pages = Pages::console(sample::server(plain), BASE, ALL);
    for (name, told, fault) in [
        ("acme-prod", "acme-prod", false),
        ("acme", "acme", false),
        ("", "acme", true),
        ("a b", "acme", true),
        ("$(id)", "acme", true),
        ("a\"; rm -rf ~; \"", "acme", true),
        (&"a".repeat(41), "acme", true),
    ] {
        let page = sample::connect(&pages, name, None, &[]);
        let snippet = &texts(&page, "#client-claude-code ~ .panel code")[0];
        assert!(snippet.contains(&format!(" user {told} https://api.acme.example/mcp ")), "{name}: {snippet}");
        assert_eq!(!texts(&page, "#name-fault")[0].is_empty(), fault, "{name}");
        assert_eq!(attributes(&page, "#name", "value"), [name]);
    }
    let page = sample::connect(&pages, "acme-prod", None, &[]);
    assert!(texts(&page, "#export code")[0].starts_with("export ACME_PROD_PAT=acmepat_"));
    assert!(texts(&page, "#client-curl ~ .panel code")[0].contains("Bearer $ACME_PROD_PAT"));
}

#[test]
fn what_the_path_names_stands_in_every_address() {
    let pages = Pages::console(sample::with_account(), BASE, ALL);
    let known = ["demo".to_owned(), "other".to_owned()];
    for (asked, known, told, fault) in [
        (None, &known[..], "demo", false),
        (None, &[], "YOUR_ACCOUNT", false),
        (Some("4711"), &known, "4711", false),
        (Some(""), &known, "YOUR_ACCOUNT", false),
        (Some("../admin"), &known, "YOUR_ACCOUNT", true),
        (Some("a/b"), &known, "YOUR_ACCOUNT", true),
    ] {
        let page = sample::connect(&pages, "acme", asked, known);
        let url = format!("https://api.acme.example/{told}/mcp");
        assert!(texts(&page, "#client-claude-code ~ .panel code")[0].contains(&url), "{asked:?}");
        assert_eq!(attributes(&page, "#check", "data-check"), [format!("/{told}/mcp")]);
        assert_eq!(!texts(&page, "#account-fault")[0].is_empty(), fault, "{asked:?}");
    }
}

#[test]
fn a_new_token_is_in_its_dialog_alone() {
    let secret = format!("acmepat_{}", "4".repeat(46));
    assert!(!page("tokens").contains(&secret));
    let page = page("tokens-created");
    let (before, rest) = page.split_once("<dialog id=\"created\"").expect("the dialog");
    let (_, after) = rest.split_once("</dialog>").expect("its end");
    assert_eq!(texts(&page, "#created .secret code"), [secret.as_str()]);
    let told = texts(&page, "#created .panel code");
    assert!(told.iter().filter(|text| text.contains(&secret)).count() >= told.len() / 2, "{told:?}");
    assert!(!before.contains(&secret) && !after.contains(&secret));
}

/// A page with all that can be on it.
fn page(name: &str) -> String {
    let mut pages = sample::full(&Pages::console(sample::server(plain), BASE, ALL), plain).into_iter();
    pages.find(|(page, _)| *page == name).expect("a page").1
}

#[test]
fn only_a_token_that_works_can_be_revoked() {
    let page = page("tokens");
    let states = ["t4 active", "t3 active", "t2 expired", "t1 revoked"];
    let rows = attributes(&page, "tr[data-token]", "data-token").into_iter();
    let told: Vec<_> =
        rows.zip(attributes(&page, "tr[data-token]", "class")).map(|(id, class)| format!("{id} {class}")).collect();
    assert_eq!(told, states);
    assert_eq!(attributes(&page, "form[action$=revoke] [name=id]", "value"), ["t4", "t3"]);
    assert_eq!(texts(&page, ".ended"), ["expired", "revoked"]);
}

#[test]
fn one_lifetime_is_chosen() {
    for (name, chosen) in [("tokens", "31536000"), ("tokens-refused", "date")] {
        assert_eq!(attributes(&page(name), "[name=lifetime][checked]", "value"), [chosen], "{name}");
    }
    let all = attributes(&page("tokens"), "[name=lifetime]", "value");
    assert_eq!(all, ["604800", "2592000", "7776000", "31536000", "date"]);
}

#[test]
fn a_scope_says_what_it_unlocks_and_covers() {
    let about: Vec<_> = texts(&page("tokens"), ".scopes .facts").iter().map(|text| text.trim().to_owned()).collect();
    let expected = [
        "Unlocks 3 tools.",
        "Unlocks 5 tools. Covers runs:read.",
        "Unlocks 2 tools.",
        "Unlocks 2 tools. Covers analyses:read.",
        "Unlocks no tool alone.",
    ];
    assert_eq!(about, expected);
}

#[test]
fn a_secret_that_was_written_is_not_sent_back() {
    let page = page("keys");
    assert_eq!(attributes(&page, "#field-model", "value"), ["what was written"]);
    assert_eq!(attributes(&page, "[type=password]", "value"), [""]);
}

#[test]
fn the_bars_of_a_day_stand_on_each_other() {
    let number = |kind: &str, what: &str| -> Vec<u64> {
        let all = attributes(&page("activity"), &format!(".chart rect.{kind}"), what);
        all.iter().map(|number| number.parse().expect("a number")).collect()
    };
    let [calls_y, calls, denials_y, denials] =
        [("calls", "y"), ("calls", "height"), ("denials", "y"), ("denials", "height")]
            .map(|(kind, what)| number(kind, what));
    assert_eq!(
        (calls.len(), calls.iter().max(), denials.iter().filter(|height| **height > 0).count()),
        (22, Some(&120), 14)
    );
    for day in 0..calls.len() {
        assert_eq!((calls_y[day] + calls[day], denials_y[day] + denials[day]), (120, calls_y[day]), "day {day}");
    }
    assert_eq!(
        texts(&page("activity"), ".calls td.number"),
        ["12 ms", "8 KiB", "–", "312 B", "1.5 s", "–", "61 s", "2 MiB"]
    );
}

#[test]
fn scopes_that_are_ticked_show_what_they_unlock() {
    let pages = Pages::console(sample::server(plain), BASE, ALL);
    for (ticked, search, expected, count) in [
        (&[][..], "", None, "1 of 8 tools unlocked"),
        (
            &["runs:read"],
            "",
            Some(["list_runs", "get_run", "export_analysis", "check_balance"].as_slice()),
            "4 of 8 tools unlocked",
        ),
        (
            &["runs:write", "analyses:write"],
            "analys",
            Some(&["get_analysis", "create_analysis", "export_analysis"]),
            "8 of 8 tools unlocked",
        ),
        (&["no:scope"], "balance", None, "1 of 8 tools unlocked"),
        (&["keys:read"], "nothing like it", Some(&[]), "1 of 8 tools unlocked"),
    ] {
        let page = sample::tools(&pages, ticked, search);
        let unlocked = texts(&page, "tr[data-standing=unlocked] th code");
        assert_eq!(unlocked, expected.unwrap_or_default(), "{ticked:?}");
        assert_eq!(texts(&page, "tr[data-standing]").is_empty(), expected.is_none_or(<[_]>::is_empty), "{ticked:?}");
        assert_eq!(texts(&page, "[data-count]"), [count]);
        assert_eq!(texts(&page, "[data-found]")[0].is_empty(), search != "nothing like it");
    }
}

#[test]
fn the_site_leads_to_its_own_files_only() {
    for server in [sample::server(plain), sample::server(hostile), sample::least()] {
        let files = site(server);
        let is_there = |path: &str| path == "../README.md" || files.iter().any(|file| file.path == path);
        for SiteFile { path, content } in files.iter().filter(|file| file.content.starts_with("<!doctype html>")) {
            for (selector, attribute) in [("a", "href"), ("link", "href"), ("script", "src")] {
                for address in attributes(content, selector, attribute) {
                    let is_install = address.starts_with("cursor:") || address.starts_with("vscode:");
                    assert!(address.starts_with('#') || is_install || is_there(&address), "{path} leads to {address}");
                }
            }
            assert_eq!(attributes(content, "[method=post], [type=password]", "name"), <[&str; 0]>::default(), "{path}");
        }
    }
}

#[test]
fn samples_can_be_looked_at() {
    let Some(folder) = env::var_os("PAGES") else { return };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets")).expect("a folder");
    for asset in ASSETS.iter() {
        fs::write(folder.join("assets").join(&asset.name), &asset.content).expect("an asset");
    }
    for (name, page) in documents_below(".", plain) {
        fs::write(folder.join(format!("{name}.html")), page).expect("a page");
    }
}
