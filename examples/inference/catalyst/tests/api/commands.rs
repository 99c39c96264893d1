//! The operator's commands, by what the service has after them.

use catalyst::{Access, Command, Options, Service};
use clap::Parser;
use serde_json::json;

use crate::spans::{export, span};

/// A program that has these commands only.
#[derive(Parser)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

/// Runs a command, and gives what it says when it fails.
async fn run(line: &str) -> Result<(), String> {
    let program = Program::try_parse_from(std::iter::once("program").chain(line.split(' ')));
    let program = program.map_err(|error| error.to_string())?;
    catalyst::run(program.command).await.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn commands_make_and_take_away_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = path.to_str().unwrap();
    let absent = run(&format!("key list --store {store}")).await.unwrap_err();
    assert!(absent.starts_with("there is no store ") && !path.exists(), "{absent}");

    let file = folder.path().join("traces.json");
    let spans = export("shop", &[span(1, 1, None, 0, json!({})), json!({})]);
    std::fs::write(&file, spans.to_string()).unwrap();
    let file = file.to_str().unwrap();
    for (line, expected) in [
        ("team create Ours", Ok(())),
        ("team create Ours", Err("there is a team `Ours` already")),
        ("project create one", Ok(())),
        ("credits add 5", Ok(())),
        ("credits add 0", Err("0 is not in 1..")),
        ("samples", Ok(())),
        (&format!("import {file}"), Err("span 2 of the request: `traceId` is missing")),
        ("import absent.json", Err("cannot read absent.json")),
        ("team create Theirs", Ok(())),
        ("project create two", Err("there are 2 teams: name one with --team")),
        ("project create two --team Ours", Ok(())),
        ("project create one --team Theirs", Ok(())),
        ("samples", Err("there are 3 projects: name one with --project")),
        ("samples one", Err("there is no single project with the name `one`")),
        ("samples two", Ok(())),
        ("key create --name app --team Ours", Err("say which projects the key may --read or --write")),
        ("key create --name app --team Ours --read one --write two --default two", Ok(())),
        ("key create --name app --team Theirs --read two", Err("there is no project of the team `two`")),
        ("key list", Ok(())),
        ("key revoke key_nothing", Err("there is no key that works with the id `key_nothing`")),
    ] {
        let said = run(&format!("{line} --store {store}")).await;
        match expected {
            Ok(()) => assert_eq!(said, Ok(()), "{line}"),
            Err(part) => assert!(said.as_ref().is_err_and(|said| said.contains(part)), "{line}: {said:?}"),
        }
    }
    let service = Service::open(&Options { store: path.clone() }).await.unwrap();
    let credits: Vec<_> = service.teams().await.unwrap().into_iter().map(|team| (team.name, team.credits)).collect();
    assert_eq!(credits, [("Ours".to_owned(), 5), ("Theirs".to_owned(), 0)]);
    let [key] = &service.keys().await.unwrap()[..] else { panic!("one key") };
    assert_eq!(key.grants, [("one".to_owned(), Access::Read), ("two".to_owned(), Access::Write)]);
    run(&format!("key revoke {} --store {store}", key.id)).await.unwrap();
    assert!(service.keys().await.unwrap()[0].revoked_at.is_some());
    service.close().await;
}
