//! Every promise of the table, and what it is tested with. The table says what each request must come to.

use serde_json::{Value, json};
use toolwright_core::promises::{Outcome, Promise};
use toolwright_tests::{
    Revision, Server,
    promises::{Held, Place, broken, held, is_due, places},
};

use super::{Asked, assert_well_formed, http, messages};
use crate::{
    ACME, PREFIX, arguments, authentication, authorization, calls, changes, confirmation, connections,
    conversation::{asks, requests, revoked, sessions},
    limits, listing, prompt_asks, resources, secrets, stdio,
};

/// What a promise is tested with.
enum Test {
    /// Requests, each by a name: all are answered as it is promised.
    Asked(Vec<(&'static str, Asked)>),
    /// Tests of their own, which hold the answer against the promise.
    By(Vec<Held>),
    /// Both.
    Also(Vec<(&'static str, Asked)>, Vec<Held>),
    /// A file that is refused, and the words of the refusal.
    NotBuilt(&'static str, &'static str),
    /// Tests of another package.
    Elsewhere,
}

fn one(asked: Asked) -> Test {
    Test::Asked(vec![("alone", asked)])
}

#[allow(clippy::too_many_lines, reason = "a table: one arm a promise")]
fn test_of(promise: Promise) -> Test {
    let authorization = |value: &str| Asked::list().header("Authorization", value);
    let call = |arguments: Value| Asked::legacy("tools/call", &json!({"name": "whoami", "arguments": arguments}));
    match promise {
        Promise::NoCredential => Test::Also(
            vec![
                ("none", authorization("-")),
                ("none, and bad JSON", Asked::body("{").header("Authorization", "-")),
                ("none, and a wrong type", authorization("-").header("Content-Type", "text/plain")),
            ],
            vec![
                held(authentication::each_reason_has_its_name_and_says_what_to_do),
                held(stdio::the_credential_is_asked_for_every_request),
            ],
        ),
        Promise::AnotherScheme => Test::Asked(vec![
            ("a user and a password", authorization("Basic dXNlcjpwYXNz")),
            ("a word that means the same", authorization(&format!("Token acme_{}", "A".repeat(40)))),
        ]),
        Promise::SchemeInAnyCase => Test::By(vec![held(http::a_scheme_has_no_case)]),
        Promise::UnreadableCredential => Test::Also(
            http::unreadable_credentials(),
            vec![
                held(authentication::each_reason_has_its_name_and_says_what_to_do),
                held(stdio::the_credential_is_asked_for_every_request),
            ],
        ),
        Promise::ControlCharacter => Test::Asked(vec![
            ("a bell", authorization("Bearer acme_\u{7}")),
            ("half of a line break", authorization("Bearer acme_\rX-Other: x")),
            ("nothing", authorization("Bearer \0")),
        ]),
        Promise::TwoCredentials => Test::By(vec![held(http::two_credentials_are_one_too_many)]),
        Promise::CredentialInQuery => {
            Test::Asked(vec![("in the query", authorization("-").target("POST /mcp?access_token=acme_x"))])
        }
        Promise::EndlessHeader => Test::Asked(vec![
            ("a credential", authorization(&format!("Bearer acme_{}", "A".repeat(65_536)))),
            ("another", Asked::list().header("X-Padding", &"x".repeat(65_536))),
        ]),
        Promise::UnknownCredential => one(authorization(&format!("Bearer acme_{}", "A".repeat(40)))),
        Promise::ExpiredCredential => {
            Test::By(vec![held(authentication::each_reason_has_its_name_and_says_what_to_do)])
        }
        Promise::RevokedCredential => Test::By(vec![
            held(authentication::revoking_works_on_the_next_request),
            held(authorization::a_revoked_token_calls_nothing),
            held(stdio::the_credential_is_asked_for_every_request),
        ]),
        Promise::RevokedStream => Test::By(vec![
            held(revoked::an_answer_that_is_told_in_parts_ends_with_the_refusal),
            held(revoked::a_question_of_a_write_is_over_and_the_write_goes_on),
            held(changes::a_revoked_credential_hears_nothing_more),
            held(changes::a_revoked_credential_hears_nothing_more_over_stdio),
        ]),
        Promise::MissingScope => Test::By(vec![
            held(authorization::every_tool_with_every_scope),
            held(authorization::a_refused_call_leaves_no_trace_and_its_arguments_are_not_looked_at),
        ]),
        Promise::NoSignIn => Test::By(vec![held(http::a_server_with_tokens_of_its_own_has_nothing_of_oauth)]),
        Promise::StateOfAnother | Promise::TamperedState => {
            Test::By(vec![held(confirmation::a_state_is_of_one_call), held(asks::a_state_is_worth_nothing_elsewhere)])
        }
        Promise::SessionOfAnother => Test::By(vec![held(sessions::a_session_is_worth_nothing_elsewhere)]),

        Promise::AnotherOrigin => Test::Asked(http::other_origins()),
        Promise::NullOrigin => one(Asked::list().header("Origin", "null")),
        Promise::AnotherHost => Test::Asked(vec![
            ("an evil host", Asked::list().header("Host", "evil.example")),
            ("one that sounds good", Asked::list().header("Host", "localhost.evil.example")),
            ("a user in the host", Asked::list().header("Host", "localhost@evil.example")),
            ("an evil target", Asked::list().target("POST http://evil.example/mcp")),
        ]),
        Promise::TrustedPreflight | Promise::AnotherPreflight => {
            Test::By(vec![held(http::browsers_may_ask_first_from_trusted_pages_only)])
        }

        Promise::AnotherMethod => Test::Also(
            vec![
                ("DELETE", Asked::body("").target("DELETE /mcp")),
                ("PUT", Asked::list().target("PUT /mcp")),
                ("PATCH", Asked::list().target("PATCH /mcp")),
                ("OPTIONS of no page", Asked::body("").target("OPTIONS /mcp")),
                ("without a credential", Asked::body("").target("DELETE /mcp").header("Authorization", "-")),
                ("GET of no stream", Asked::body("").target("GET /mcp")),
                (
                    "GET of a stream in 2026-07-28",
                    Asked::body("")
                        .target("GET /mcp")
                        .header("Accept", "text/event-stream")
                        .header("MCP-Protocol-Version", "2026-07-28"),
                ),
            ],
            vec![held(changes::nothing_listens_where_nothing_is_announced)],
        ),
        Promise::NotAcceptable => Test::Asked(
            [
                ("only JSON", "application/json"),
                ("only a stream", "text/event-stream"),
                ("neither", "text/html"),
                ("JSON excluded", "application/json;q=0, text/event-stream"),
            ]
            .map(|(name, accept)| (name, Asked::list().header("Accept", accept)))
            .into(),
        ),
        Promise::AnotherMediaType => Test::Asked(
            [("a form", "application/x-www-form-urlencoded"), ("text", "text/plain"), ("no type", "-")]
                .map(|(name, content)| (name, Asked::list().header("Content-Type", content)))
                .into(),
        ),
        Promise::CompressedBody => Test::Asked(
            ["gzip", "br", "identity"].map(|name| (name, Asked::list().header("Content-Encoding", name))).into(),
        ),
        Promise::LargeBody => Test::Asked(http::large_bodies()),
        Promise::SlowHeaders => Test::By(vec![held(connections::headers_that_never_end_lose_their_connection)]),
        Promise::SlowBody => Test::By(vec![held(connections::a_body_that_never_ends_is_a_408)]),

        Promise::NotJson => Test::Asked(messages::not_json()),
        Promise::DeepNesting => Test::Asked(messages::deep()),
        Promise::Batch => {
            Test::By(vec![held(messages::a_batch_is_refused_in_every_revision_and_nothing_of_it_is_done)])
        }
        Promise::AnotherEnvelope => Test::Asked(messages::other_envelopes()),
        Promise::UnusableId => Test::Asked(
            [
                ("null", "null"),
                ("an object", "{}"),
                ("an array", "[1]"),
                ("true", "true"),
                ("a fraction", "1.5"),
                ("beyond 64 bits", "9223372036854775808"),
            ]
            .map(|(name, id)| (name, Asked::body(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#))))
            .into(),
        ),
        Promise::RepeatedKey => Test::Asked(messages::repeated_keys()),
        Promise::Notification => Test::Asked(vec![
            ("one that is known", Asked::body(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)),
            ("one that is not", Asked::body(r#"{"jsonrpc":"2.0","method":"notifications/nonsense"}"#)),
            ("modern", messages::modern_notification()),
        ]),
        Promise::UnaskedAnswer => Test::Asked(vec![
            ("a result", Asked::body(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#)),
            ("an error", Asked::body(r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}"#)),
            ("a request as well", Asked::body(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","result":{}}"#)),
        ]),
        Promise::UnknownMethod => Test::Also(
            vec![
                ("of no revision", Asked::modern("tools/destroy", json!({}))),
                ("what is not announced", Asked::modern("tasks/get", json!({}))),
            ],
            vec![held(resources::a_server_without_resources_has_none_of_their_methods)],
        ),
        Promise::UnknownMethodBefore => Test::Also(
            vec![
                ("of no revision", Asked::legacy("tools/destroy", &json!({}))),
                ("what is not announced", Asked::legacy("tasks/list", &json!({}))),
            ],
            vec![held(resources::a_server_without_resources_has_none_of_their_methods)],
        ),
        Promise::RetiredMethod => Test::Asked(vec![
            ("a handshake", Asked::modern("initialize", Revision::V2025_11_25.initialize())),
            ("half a handshake", Asked::modern("initialize", json!({}))),
            ("ping", Asked::modern("ping", json!({}))),
            ("logging", Asked::modern("logging/setLevel", json!({"level": "info"}))),
            ("a subscription", Asked::modern("resources/subscribe", json!({"uri": "acme://notes"}))),
            ("its end", Asked::modern("resources/unsubscribe", json!({"uri": "acme://notes"}))),
        ]),
        Promise::MissingMeta => Test::Asked(messages::without_meta()),
        Promise::HeaderMismatch => Test::Asked(messages::mismatched_headers()),
        Promise::UnknownRevision => Test::Asked(messages::unknown_revisions()),
        Promise::UnknownRevisionInHeader => Test::Asked(
            [("nonsense", "nonsense"), ("of before", "2025-03-26"), ("of later", "2027-01-01")]
                .map(|(name, revision)| (name, Asked::list().header("MCP-Protocol-Version", revision)))
                .into(),
        ),
        Promise::StraySession => Test::Also(
            vec![
                ("modern", Asked::modern("tools/list", json!({})).header("Mcp-Session-Id", "x")),
                ("older", Asked::list().header("Mcp-Session-Id", "x")),
            ],
            vec![held(sessions::a_session_is_worth_nothing_elsewhere)],
        ),
        Promise::MissingSession => Test::By(vec![held(sessions::who_sends_no_session_is_served_and_cannot_be_asked)]),
        Promise::GarbageOverStdio => Test::By(vec![held(stdio::lines_that_are_no_requests_are_answered_and_forgotten)]),

        Promise::UnknownTool => Test::Asked(vec![
            ("older", Asked::legacy("tools/call", &json!({"name": "who"}))),
            ("in another case", Asked::legacy("tools/call", &json!({"name": "WHOAMI"}))),
            ("modern", Asked::modern("tools/call", json!({"name": "who"}))),
        ]),
        Promise::ArgumentsNoObject => Test::Asked(vec![
            ("an array", call(json!([1]))),
            ("modern", Asked::modern("tools/call", json!({"name": "whoami", "arguments": [1]}))),
            ("a text", call(json!("x"))),
            ("a number", call(json!(1))),
        ]),
        Promise::WrongArgument => {
            Test::By(vec![held(arguments::bounds_say_what_came), held(arguments::all_faults_come_at_once)])
        }
        Promise::ExtraArgument => Test::Asked(vec![
            ("of a tool without any", call(json!({"verbose": true}))),
            ("modern", Asked::modern("tools/call", json!({"name": "whoami", "arguments": {"verbose": true}}))),
            (
                "beside good ones",
                Asked::legacy("tools/call", &json!({"name": "add_note", "arguments": {"text": "x", "colour": "red"}})),
            ),
        ]),
        Promise::UnknownResource | Promise::UnknownResourceBefore => {
            Test::By(vec![held(resources::a_uri_of_nothing_is_unknown)])
        }
        Promise::UnknownCursor => Test::Asked(vec![
            ("of tools", Asked::legacy("tools/list", &json!({"cursor": "2"}))),
            ("empty", Asked::legacy("tools/list", &json!({"cursor": ""}))),
            ("of prompts", Asked::legacy("prompts/list", &json!({"cursor": "2"}))),
            ("of resources", Asked::legacy("resources/list", &json!({"cursor": "2"}))),
            ("of templates", Asked::legacy("resources/templates/list", &json!({"cursor": "2"}))),
            ("modern", Asked::modern("tools/list", json!({"cursor": "2"}))),
            ("modern, of resources", Asked::modern("resources/list", json!({"cursor": "2"}))),
        ]),
        Promise::Panic => Test::By(vec![held(calls::a_panic_is_a_tools_error_and_the_server_lives_on)]),
        Promise::SlowRead => Test::By(vec![held(calls::a_read_that_takes_too_long_is_stopped)]),
        Promise::SlowWrite => Test::By(vec![held(calls::a_write_that_takes_too_long_still_completes)]),
        // That what reads is stopped is seen beside it, for a caller over HTTP as well, whom no answer could reach.
        Promise::CallerGone => Test::By(vec![held(calls::a_cancelled_call_is_not_answered)]),
        Promise::SameIdTwice => Test::By(vec![held(calls::the_same_id_twice_at_once_has_two_answers)]),
        Promise::ManyCallers => Test::By(vec![held(calls::many_callers_at_once_are_never_taken_for_one_another)]),
        Promise::IdInUse => Test::By(vec![held(stdio::an_id_in_use_is_refused_until_it_is_answered)]),
        Promise::WrongOutput => Test::NotBuilt(
            include_str!("../../compile_fail/wrong_output.stderr"),
            "expected `acme_tools::delete_note::Output`",
        ),
        Promise::TooManyCalls => Test::By(vec![
            held(limits::only_so_many_calls_run_at_once),
            held(limits::only_so_many_calls_begin_in_a_minute),
        ]),
        Promise::NobodyToAsk => Test::By(vec![held(confirmation::any_other_client_calls_twice)]),

        Promise::MissingCapability => Test::By(vec![
            held(asks::a_client_that_cannot_be_asked_is_refused_before_anything_runs),
            held(prompt_asks::a_client_that_cannot_be_asked_gives_it_as_an_argument),
        ]),
        Promise::MissingCapabilityBefore => {
            Test::By(vec![held(requests::a_client_that_cannot_be_asked_is_told_what_it_lacks)])
        }
        Promise::PromptThatCannotAsk => {
            Test::By(vec![held(prompt_asks::a_client_that_cannot_be_asked_gives_it_as_an_argument)])
        }

        Promise::SecretInText => Test::By(vec![
            held(secrets::no_token_is_in_any_log_or_answer),
            held(secrets::no_secret_is_in_a_result_an_error_or_the_log),
            held(secrets::stdio_keeps_its_credential_too),
        ]),
        Promise::InvisibleCharacter => Test::NotBuilt(
            include_str!("../../../../golden/invisible-character/expected.txt"),
            "error[invisible-character]",
        ),
        Promise::ListOfOne => Test::By(vec![
            held(listing::only_a_list_that_is_the_same_for_all_may_be_shared),
            held(resources::the_lists_obey_the_listing),
        ]),
        Promise::TooManyStreams => Test::By(vec![held(changes::streams_are_bounded)]),

        Promise::TokenForAnother
        | Promise::UnsignedToken
        | Promise::SignInMetadata
        | Promise::PathInArgument
        | Promise::RedirectOfApi
        | Promise::WordsOfApi
        | Promise::SilentApi => Test::Elsewhere,
    }
}

#[tokio::test]
async fn every_promise_is_kept() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let mut all_broken = Vec::new();
    for promise in Promise::ALL {
        let test = test_of(*promise);
        let is_here = places(*promise).contains(&Place::Acme);
        assert_eq!(is_here, !matches!(test, Test::Elsewhere), "{promise:?}: `places` says otherwise");
        assert!(is_here || !is_due(*promise, Place::Acme), "{promise:?} is made by servers of this package");
        let (cases, tests) = match test {
            Test::Asked(cases) => (cases, vec![]),
            // They run by themselves.
            Test::By(tests) => (vec![], tests),
            Test::Also(cases, tests) => (cases, tests),
            Test::NotBuilt(refused, words) => {
                assert_eq!(promise.row().outcome, Outcome::NotBuilt, "{promise:?}");
                assert!(refused.contains(words), "{promise:?}: {refused}");
                continue;
            }
            Test::Elsewhere => continue,
        };
        assert!(!cases.is_empty() || !tests.is_empty(), "{promise:?}");
        for test in tests {
            test.assert_holds(*promise, env!("CARGO_MANIFEST_DIR"));
        }
        for (name, asked) in cases {
            let reply = asked.of(&server, &token).await;
            all_broken.extend(broken(*promise, &reply).map(|broken| format!("{name}: {broken}")));
            assert_well_formed(&reply, name);
            let has_id = reply.json().get("id").is_some();
            let is_unread = matches!(promise, Promise::NotJson | Promise::DeepNesting | Promise::UnusableId);
            assert!(!is_unread || !has_id, "{promise:?}, {name}: no id is known: {reply:?}");
            // Whatever came, the server goes on.
            let next = Asked::whoami().of(&server, &token).await;
            assert_eq!(next.status, 200, "after {promise:?}, {name}: {next:?}");
        }
    }
    assert!(all_broken.is_empty(), "{}", all_broken.join("\n"));
}

/// The rows of the reference, by their numbers, and the promises that each has come to.
#[test]
fn every_row_of_the_reference_is_a_promise() {
    let rows = toolwright_tests::rows("promises.tsv");
    let numbers: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, (1..=59).map(|number: u8| number.to_string()).collect::<Vec<_>>());
    let named: std::collections::BTreeSet<&str> = rows.iter().flat_map(|row| row[2].split(' ')).collect();
    let promises: std::collections::BTreeSet<&str> = Promise::ALL.iter().map(|promise| promise.row().name).collect();
    assert_eq!(named, promises);
}
