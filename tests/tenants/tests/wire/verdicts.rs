//! Credential × account × membership × flag × scope, in the order in which they are asked.

use serde_json::json;
use toolwright_tests::{Client, Revision, StdioPipe, Transport};

use crate::{ADA, ALL, REQUESTS, TENANTS, TENANTS_HIDDEN, Teams, VARIABLES, ask, items, refused};

/// A token of Ada's, an account, and the verdict on a call of `list_items`.
struct Case {
    token: Option<&'static str>,
    account: &'static str,
    verdict: Option<(u16, i64, &'static str)>,
}

const fn case(token: Option<&'static str>, account: &'static str, verdict: Option<(u16, i64, &'static str)>) -> Case {
    Case { token, account, verdict }
}

const SCOPED: Option<&str> = Some("scoped");
const SCOPELESS: Option<&str> = Some("scopeless");

const UNKNOWN: Option<(u16, i64, &str)> = Some((404, -31404, "unknown_account"));
const FOREIGN: Option<(u16, i64, &str)> = Some((403, -31403, "foreign_account"));
const DISABLED: Option<(u16, i64, &str)> = Some((403, -31403, "feature_disabled"));
const UNSCOPED: Option<(u16, i64, &str)> = Some((403, -31403, "insufficient_scope"));
const ANONYMOUS: Option<(u16, i64, &str)> = Some((401, -31401, "missing_credential"));
const REVOKED: Option<(u16, i64, &str)> = Some((401, -31401, "unknown_credential"));

#[rustfmt::skip]
const CASES: [Case; 19] = [
    case(SCOPED,          "ours",    None),
    case(SCOPED,          "OURS",    None),
    case(SCOPED,          "<ours>",  None),
    case(SCOPED,          "off",     DISABLED),
    case(SCOPED,          "<off>",   DISABLED),
    case(SCOPED,          "theirs",  FOREIGN),
    case(SCOPED,          "<theirs>", FOREIGN),
    case(SCOPED,          "nowhere", UNKNOWN),
    case(SCOPED,          "4711",    UNKNOWN),
    case(SCOPELESS,       "ours",    UNSCOPED),
    // Each verdict hides those after it.
    case(SCOPELESS,       "off",     DISABLED),
    case(SCOPELESS,       "theirs",  FOREIGN),
    case(SCOPED,          "elsewhere", FOREIGN),
    case(SCOPELESS,       "nowhere", UNKNOWN),
    case(Some("revoked"), "ours",    REVOKED),
    case(Some("revoked"), "nowhere", REVOKED),
    case(Some("revoked"), "theirs",  REVOKED),
    case(None,            "ours",    ANONYMOUS),
    case(None,            "nowhere", ANONYMOUS),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_verdicts_have_one_order_whatever_is_asked_and_however() {
    let teams = Teams::of(TENANTS);
    let [scoped, scopeless, revoked] = [("scoped", &ALL[..]), ("scopeless", &[]), ("revoked", &ALL[..])]
        .map(|(name, scopes)| teams.server.token_of_user(ADA, name, scopes));
    teams.server.revoke("revoked");
    for case in CASES {
        let account = match case.account {
            "<ours>" => &teams.ours,
            "<off>" => &teams.off,
            "<theirs>" => &teams.theirs,
            named => named,
        };
        let token = case.token.map(|token| match token {
            "scoped" => &*scoped,
            "scopeless" => &*scopeless,
            _ => &*revoked,
        });
        for transport in Transport::ALL {
            for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
                let mut client = teams.client(account, transport, revision, token);
                for request in REQUESTS {
                    let what = format!("{:?} {} {transport:?} {revision:?} {request}", case.token, case.account);
                    let reply = ask(&mut client, request).await;
                    let expected = match (case.verdict, request) {
                        (UNSCOPED, "handshake" | "tools/list" | "prompts/list") => None,
                        // What the caller cannot have is not listed to them, and so not completed.
                        (UNSCOPED, "completion/complete") => Some((200, -32602, "unknown_prompt")),
                        (verdict, _) => verdict,
                    };
                    match expected {
                        Some((status, code, reason)) => {
                            let status = Some(status).filter(|_| transport == Transport::Http);
                            assert_eq!(refused(&reply), (status, Some(code), reason), "{what}");
                            // Who presents no credential has no message read.
                            assert_eq!(reply.body["id"].is_null(), status == Some(401), "{what}: {reply:?}");
                        }
                        None => assert_eq!(reply.error_code(), None, "{what}: {reply:?}"),
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_is_wrong_and_what_to_do() {
    let teams = Teams::of(TENANTS);
    let token = teams.token(ADA, &ALL);
    for (account, expected) in [
        (
            "nowhere",
            "No team of yours is called `nowhere`. Put your own in the place of `YOUR_TEAM` in https://api.tenants.example/YOUR_TEAM/mcp, or over stdio into `TENANTS_ACCOUNT`. Your team's number or subdomain.",
        ),
        (
            "theirs",
            "The Team Token belongs to a user who is not a member of the team that the URL names. Use the Team Token of a member, or correct the URL: https://api.tenants.example/YOUR_TEAM/mcp.",
        ),
        ("off", "Lists are not enabled for this team. Ask the owner of your team to enable `lists`."),
    ] {
        let reply = teams.http(account, &token).call("list_items", json!({})).await;
        assert_eq!(reply.error_message(), expected);
        assert_eq!(reply.error_data()["team"], account);
        assert_eq!(reply.challenge, None, "more scopes would not help");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_account_can_look_like_none() {
    let teams = Teams::of(TENANTS_HIDDEN);
    let token = teams.token(ADA, &ALL);
    let mut replies = Vec::new();
    for account in ["theirs", "nowhere"] {
        let reply = teams.http(account, &token).call("list_items", json!({})).await;
        assert_eq!(refused(&reply), (Some(404), Some(-31404), "unknown_account"));
        replies.push(reply.body.to_string().replace(account, "…"));
    }
    assert_eq!(replies[0], replies[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_account_is_seen_in_another() {
    let teams = Teams::of(TENANTS);
    let token = teams.token(ADA, &ALL);
    teams.server.succeed(&["account", "enable", "off", "lists"]);
    let mut ours = teams.http("ours", &token);
    let added = ours.call("add_item", json!({"item": "ours alone"})).await;
    assert_eq!(added.structured()["count"], 1);
    // The same account by its other name, and another one of the same user.
    assert_eq!(items(&teams.http(&teams.ours, &token).call("list_items", json!({})).await), &json!(["ours alone"]));
    let mut other = teams.http("off", &token);
    assert_eq!(items(&other.call("list_items", json!({})).await), &json!([]));
    let completed = ask(&mut other, "completion/complete").await;
    assert_eq!(completed.result()["completion"]["values"], json!([]));
    let completed = ask(&mut ours, "completion/complete").await;
    assert_eq!(completed.result()["completion"]["values"], json!(["ours alone"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_knows_its_user_and_its_account_by_the_id() {
    let teams = Teams::of(TENANTS);
    let token = teams.token(ADA, &[]);
    for transport in Transport::ALL {
        for account in ["ours", &teams.ours] {
            let mut client = teams.client(account, transport, Revision::V2026_07_28, Some(&token));
            let reply = client.call("whoami", json!({})).await;
            assert_eq!(reply.structured(), &json!({"user": ADA, "team": teams.ours}), "{transport:?} {account}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_stdio_the_only_account_of_a_user_need_not_be_named() {
    let teams = Teams::of(TENANTS);
    teams.server.user("eve@example.com", &[]);
    let expectations = [
        (crate::BOB, Ok(&*teams.theirs)),
        (ADA, Err("Your user is a member of more than one team, and nothing says which is meant: ours, off.")),
        ("eve@example.com", Err("Your user is not a member of any team.")),
    ];
    for (email, expected) in expectations {
        let token = teams.token(email, &[]);
        let pipe = StdioPipe::beside(&teams.server, VARIABLES, Some(&token));
        let reply = Client::stdio(pipe, Revision::V2026_07_28).call("whoami", json!({})).await;
        match expected {
            Ok(team) => assert_eq!(reply.structured()["team"], team, "{email}"),
            Err(message) => {
                assert_eq!(refused(&reply), (None, Some(-31404), "unknown_account"), "{email}");
                assert!(reply.error_message().starts_with(message), "{email}: {}", reply.error_message());
            }
        }
    }
    // Only the server knows the user, so that a gateway has to be told.
    let (code, _, log) = StdioPipe::through(&teams.server, VARIABLES, Some("x")).end().await;
    assert_eq!(code, Some(1));
    assert!(
        log.contains(
            "TENANTS_GATEWAY is set, and nothing says which team is meant: set TENANTS_ACCOUNT, or use --account"
        ),
        "{log}"
    );
}
