use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::Secrets;

const CANARY: &str = "c4n/ry p+ss\"wörd";

fn secrets() -> Secrets {
    let secrets = Secrets::new(&["password", "ssl_key", "access-key"], None);
    secrets.learn(CANARY);
    secrets
}

/// Texts, and what is left of them.
const TEXTS: &[(&str, &str)] = &[
    ("", ""),
    ("nothing to see", "nothing to see"),
    ("is c4n/ry p+ss\"wörd.", "is [redacted]."),
    ("c4n/ry p+ss\"wördc4n/ry p+ss\"wörd", "[redacted]"),
    ("a c4n/ry\n p+ss\r\n\"wörd b", "a [redacted] b"),
    ("x=c4n%2Fry%20p%2Bss%22w%C3%B6rd&y", "x=[redacted]&y"),
    ("x=c4n%2fry+p%2bss%22w%c3%b6rd&y", "x=[redacted]&y"),
    ("x=c4n%252Fry%2520p%252Bss%2522w%25C3%25B6rd&y", "x=[redacted]&y"),
    ("%63%34%6e%2fry p+ss\"wörd", "[redacted]"),
    ("{\"a\":\"c4n/ry p+ss\\\"wörd\"}", "{\"a\":\"[redacted]\"}"),
    ("63346e2f727920702b73732277c3b67264", "[redacted]"),
    ("c4n/ry p+ss", "c4n/ry p+ss"),
    ("\"c4n/ry p+ss\"\"wörd\" as SQL has it", "\"[redacted]\" as SQL has it"),
    // Of what was cut, `…` tells.
    ("it was c4n/ry p+ss…", "it was [redacted]…"),
    ("it was c4n/ry p…", "it was [redacted]…"),
    ("it was c4n%2Fry p… and", "it was [redacted]… and"),
    ("…y p+ss\"wörd, it was", "…[redacted], it was"),
    ("c4n/r…, …\"wörd… c4n/ry, c4n/ry .…", "c4n/r…, …[redacted]… c4n/ry, c4n/ry .…"),
    ("postgres://me:hunter2@db.example/x", "postgres://me:[redacted]@db.example/x"),
    ("postgres://me:hun@ter2@db.example/x", "postgres://me:[redacted]@db.example/x"),
    ("redis://:hunter2@db.example", "redis://:[redacted]@db.example"),
    ("no dataset `postgres://me:hunter2… there", "no dataset `postgres://me:[redacted]… there"),
    ("at redis://:2hun…", "at redis://:[redacted]…"),
    ("https://example.com:8080/a@b", "https://example.com:8080/a@b"),
    ("https://example.com:80…, https://example.com…", "https://example.com:80…, https://example.com…"),
    ("http://[::1]:80…, https://example.com/a:b…", "http://[::1]:80…, https://example.com/a:b…"),
    ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [redacted]"),
    ("{\"authorization\": \"Basic dXNlcjpwYXNz\"}", "{\"authorization\": \"Basic [redacted]\"}"),
    ("sent bearer 0123456789abcdef0", "sent bearer [redacted]"),
    ("a bearer of news", "a bearer of news"),
    ("basic understanding", "basic understanding"),
    ("key AKIAIOSFODNN7EXAMPLE.", "key [redacted]."),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [redacted]"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK=\n-----END RSA PRIVATE KEY-----\nok", "[redacted]\nok"),
    (
        "-----BEGIN PRIVATE KEY-----a!b-----END PRIVATE KEY-----c-----BEGIN PRIVATE KEY-----d\n!",
        "[redacted]c[redacted]!",
    ),
    ("-----END PRIVATE KEY----- -----BEGIN PRIVATE KEY-----\nMII", "-----END PRIVATE KEY----- [redacted]"),
    (
        "-----BEGIN CERTIFICATE-----\nMIIEow\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMIIEow\n-----END CERTIFICATE-----",
    ),
    ("MIIEowIBAAKCAQEA7\nIBAAK=\n-----END PRIVATE KEY-----", "[redacted]"),
    ("password=hunter2&x=1", "password=[redacted]&x=1"),
    ("\"Password\": \"hun\\\"ter 2\", \"x\"", "\"Password\": \"[redacted]\", \"x\""),
    ("password : 'hunter 2' and", "password : '[redacted]' and"),
    ("sslKey=abc; ssl-key=def", "sslKey=[redacted]; ssl-key=[redacted]"),
    ("the password is wrong", "the password is wrong"),
    ("password_file=/etc/x", "password_file=/etc/x"),
    ("AccessKey: abc", "AccessKey: [redacted]"),
    ("if (password == \"hunter2\")", "if (password == \"[redacted]\")"),
    ("if (password === hunter2)", "if (password === [redacted]"),
    ("password=null&password=hunter2", "password=null&password=[redacted]"),
    ("password=nullify; password: nothing", "password=[redacted]; password: [redacted]"),
    ("password=$1a; password=${A}b; password: :b", "password=[redacted]; password=${A}b; password: [redacted]"),
    ("password=*; password=**a", "password=*; password=[redacted]"),
    // As a log in JSON has it, and a field of text in any log.
    (r#"{\"password\": \"hunter 2\", \"x\": \"y\"}"#, r#"{\"password\": \"[redacted]\", \"x\": \"y\"}"#),
    (r#"password=\"hun\\\"ter\\n 2\" x=\"y\""#, r#"password=\"[redacted]\" x=\"y\""#),
    (r#"{\\\"password\\\":\\\"hunter 2\\\",\\\"x\\\":1}"#, r#"{\\\"password\\\":\\\"[redacted]\\\",\\\"x\\\":1}"#),
    (r#"\"password=hunter2\" ssl-key=a\b"#, r#"\"password=[redacted]\" ssl-key=[redacted]"#),
    (r#"{\"authorization\": \"Token abcdef0123\"}"#, r#"{\"authorization\": \"Token [redacted]\"}"#),
];

/// Texts that assign nothing to a name, and are left as they are.
const NOTHING: &[&str] = &[
    "(using password: YES)",
    "if (password == null || password === undefined)",
    "password = None",
    "{\"password\":null,\"ssl_key\":false}",
    "SET password = $1, ssl_key = ? WHERE",
    "SET password = %s",
    "password=${DB_PASSWORD}",
    "password::text, Password::new()",
    "password=***",
    r#"{\"password\":\"\",\"ssl_key\":null}"#,
    r#"\"password=null\", \"ssl-key: None\""#,
    "password=[redacted] ssl-key: [redacted]",
];

#[test]
fn texts_lose_their_secrets_and_nothing_else() {
    let secrets = secrets();
    for (text, left) in TEXTS {
        assert_eq!(secrets.redact_text(text), *left, "{text}");
        assert_eq!(secrets.redact_text(left), *left, "what was kept back is left as it is");
    }
    for text in NOTHING {
        assert_eq!(secrets.redact_text(text), *text);
    }
}

/// What is left out before a secret, between its characters and after it moves it within what is searched.
#[test]
fn a_secret_is_found_after_many_line_breaks_and_percent_sequences() {
    let secrets = secrets();
    let around = ["a\r\n\n", "%0A", "ö%20%2520b", "%%4", "%4\n1%41%\n41\n"].concat().repeat(100);
    for written in ["c4n/ry p+ss\"wörd", "c4n%2Fry%20p%2Bss%22w%C3%B6r%64", "c%\n25\r\n34n/\nry p%252Bss\"w%C3%\nB6rd"]
    {
        let text = format!("{around}{written}\n{around}{written}%0A{around}");
        let left = format!("{around}[redacted]\n{around}[redacted]%0A{around}");
        assert_eq!(secrets.redact_text(&text), left, "{written:?}");
    }
}

/// A search from each beginning to the end of the text would take minutes here.
#[test]
fn a_text_with_many_beginnings_of_private_keys_is_read_once() {
    let begun = "-----BEGIN PRIVATE KEY-----";
    let left = secrets().redact_text(&format!("{begun}!").repeat((1 << 20) / begun.len())).into_owned();
    assert_eq!(left, "[redacted]!".repeat((1 << 20) / begun.len()));
}

#[test]
fn a_learned_secret_is_found_in_base64_wherever_it_stands() {
    let secrets = secrets();
    for before in ["", "u", "us", "user:"] {
        for after in ["", "x", "xy", ":z"] {
            let encoded = STANDARD.encode(format!("{before}{CANARY}{after}"));
            let url_safe = encoded.replace('+', "-").replace('/', "_").replace('=', "%3D");
            let (first, rest) = encoded.split_at(9);
            for text in [&encoded, &url_safe, &format!("{first}\n{rest}")] {
                let left = secrets.redact_text(text);
                assert!(left.contains("[redacted]") && left.len() <= "[redacted]".len() + 14, "{text}: {left}");
            }
        }
    }
}

#[test]
fn its_debug_output_has_no_secret() {
    assert_eq!(format!("{:?}", secrets()), "Secrets { .. }");
}

#[test]
fn a_short_value_is_not_learned() {
    let secrets = Secrets::new(&[], None);
    secrets.learn("a");
    secrets.learn("");
    assert_eq!(secrets.redact_text("banana"), "banana");
}

/// Results, and what is left of them.
fn results() -> Vec<(Value, Value)> {
    let whole = json!({
        "id": 1, "ok": true, "none": null,
        "name": "c4n/ry p+ss\"wörd", "lines": ["a c4n/ry", " p+ss\"wörd b", "c"],
        "log": [{"at": "1", "text": "x c4n/"}, {"at": "2", "text": "ry p+ss\"wörd"}, {"at": "3", "text": "y"}],
        "pem": ["-----BEGIN PRIVATE KEY-----", "MIIEow", "-----END PRIVATE KEY-----", "after"],
    });
    let left = json!({
        "id": 1, "ok": true, "none": null,
        "name": "[redacted]", "lines": ["a [redacted]", "[redacted] b", "c"],
        "log": [{"at": "1", "text": "x [redacted]"}, {"at": "2", "text": "[redacted]"}, {"at": "3", "text": "y"}],
        "pem": ["[redacted]", "[redacted]", "[redacted]", "after"],
    });
    vec![
        (whole, left),
        (
            json!({"password": "x", "Ssl-Key": ["a", {"b": 1}], "accessKey": 7, "passwords": "x", "n": {"password": "y"}}),
            json!({"password": "[redacted]", "Ssl-Key": "[redacted]", "accessKey": "[redacted]", "passwords": "x", "n": {"password": "[redacted]"}}),
        ),
        (
            json!({"c4n/ry p+ss\"wörd": 1, "a": {"is c4n/ry p+ss\"wörd": "x"}, "c4n%2Fry p+ss\"wörd": 2, "z": 3}),
            json!({"[redacted]": 1, "a": {"is [redacted]": "x"}, "[redacted] 2": 2, "z": 3}),
        ),
        (json!({"password": null}), json!({"password": null})),
        (json!({"password": ""}), json!({"password": ""})),
        (json!("c4n/ry p+ss\"wörd"), json!("[redacted]")),
    ]
}

#[test]
fn results_lose_their_secrets_and_keep_their_shape() {
    let secrets = secrets();
    for (mut result, left) in results() {
        secrets.redact_result(&mut result);
        assert_eq!(result, left);
    }
}

#[test]
fn the_lines_of_a_log_are_one_text() {
    let secrets = secrets();
    let mut lines = ["one".to_owned(), "c4n/ry".to_owned(), " p+ss\"wörd two".to_owned()];
    secrets.redact_lines(&mut lines);
    assert_eq!(lines, ["one", "[redacted]", "[redacted] two"]);
}

#[test]
fn credentials_of_callers_are_told_by_their_prefix() {
    let secrets = Secrets::new(&[], Some("demo-key-"));
    let key = format!("demo-key-{}", "a1".repeat(20));
    for (text, expected) in [
        (key.clone(), "[redacted]".to_owned()),
        (format!("x{key}/y"), "x[redacted]/y".to_owned()),
        // Some of it is lost, or it goes on.
        (key[..26].to_owned(), "[redacted]".to_owned()),
        (format!("{key}abc"), "[redacted]".to_owned()),
        // What stands for one, and what is none.
        ("demo-key-…".to_owned(), "demo-key-…".to_owned()),
        ("demo-key-rotation and demo-key-".to_owned(), "demo-key-rotation and demo-key-".to_owned()),
    ] {
        assert_eq!(secrets.redact_text(&text), expected, "{text}");
        // In results too, although no name is kept back.
        let mut result = json!({"text": [text]});
        secrets.redact_result(&mut result);
        assert_eq!(result, json!({"text": [expected]}));
    }
}
