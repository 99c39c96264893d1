//! What an answer is held against. All but a judge's is computed here.

use std::fmt::Display;

use jsonschema::{PatternOptions, Validator};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema;

/// How many checks a rubric can have.
const MAX_CHECKS: usize = 20;

/// How many characters a text or an expression can have.
const MAX_TEXT: usize = 2_000;

/// How many characters a judge's instructions can have.
const MAX_INSTRUCTIONS: usize = 4_000;

/// How many bytes a schema can have, as JSON.
const MAX_SCHEMA: usize = 64 * 1024;

/// How many bytes an answer can have that is held against a schema: what is wrong with it is told in memory.
const MAX_JSON: usize = 256 * 1024;

/// How many bytes an expression can take when it is compiled.
const MAX_EXPRESSION: usize = 1 << 20;

/// How many faults of an answer's JSON are told.
const TOLD_FAULTS: usize = 3;

/// How many characters of a text are told.
const TOLD_TEXT: usize = 200;

/// A check, as it is stored and told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Check {
    /// The answer is the expected one, apart from white space around it.
    Exact {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ignore_case: Option<bool>,
    },
    /// The answer contains a text.
    Contains {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ignore_case: Option<bool>,
    },
    /// The answer matches a regular expression somewhere.
    Regex { pattern: String },
    /// The answer is JSON that a schema accepts.
    JsonSchema { schema: Value },
    /// A language model finds that the answer passes.
    Judge { instructions: String },
}

/// What is wrong with a check, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadCheck {
    /// The place in the body, as `checks[2].pattern`.
    pub(crate) field: String,
    pub(crate) why: String,
}

/// The checks of a rubric, ready to be made.
#[derive(Debug)]
pub(crate) struct Checks(Vec<Compiled>);

impl Checks {
    /// Reads checks.
    ///
    /// # Errors
    /// When there are none or too many, or one of them says nothing that can be checked.
    pub(crate) fn compile(checks: &[Check]) -> Result<Self, BadCheck> {
        if !(1..=MAX_CHECKS).contains(&checks.len()) {
            let why = format!("give 1 to {MAX_CHECKS} checks");
            return Err(BadCheck { field: "checks".to_owned(), why });
        }
        let compile = |(number, check)| {
            let placed = |(field, why)| BadCheck { field: format!("checks[{number}].{field}"), why };
            Compiled::of(check).map_err(placed)
        };
        checks.iter().enumerate().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// Whether some of them need a judge.
    pub(crate) fn need_judge(&self) -> bool {
        self.0.iter().any(|check| matches!(check, Compiled::Judge(_)))
    }

    /// What each of them finds of an answer, in their order.
    pub(crate) fn findings(&self, answer: &Answer<'_>) -> Vec<Finding> {
        self.0.iter().map(|check| check.finding(answer)).collect()
    }
}

/// An answer that is held against checks.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Answer<'a> {
    pub(crate) question: &'a str,
    pub(crate) answer: &'a str,
    /// What should have been answered; the recorded answer where that is not known.
    pub(crate) expected: &'a str,
}

/// What a check finds of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    Passed,
    /// It has not passed, for this reason.
    Failed(String),
    /// It is for a judge to find, by these instructions.
    AskJudge(String),
}

impl Finding {
    fn of(passed: bool, reason: impl FnOnce() -> String) -> Self {
        if passed { Self::Passed } else { Self::Failed(reason()) }
    }
}

#[derive(Debug)]
enum Compiled {
    Exact { ignores_case: bool },
    Contains { text: String, ignores_case: bool },
    Regex(Regex),
    JsonSchema(Box<Validator>),
    Judge(String),
}

impl Compiled {
    /// A check, or which of its fields is wrong, and why.
    fn of(check: &Check) -> Result<Self, (&'static str, String)> {
        Ok(match check {
            Check::Exact { ignore_case } => Self::Exact { ignores_case: ignore_case.unwrap_or(true) },
            Check::Contains { text, ignore_case } => {
                must_be_short("text", text, MAX_TEXT)?;
                Self::Contains { text: text.clone(), ignores_case: ignore_case.unwrap_or(true) }
            }
            Check::Regex { pattern } => {
                must_be_short("pattern", pattern, MAX_TEXT)?;
                Self::Regex(expression(pattern).map_err(|why| ("pattern", why))?)
            }
            Check::JsonSchema { schema } => Self::JsonSchema(validator(schema).map_err(|why| ("schema", why))?.into()),
            Check::Judge { instructions } => {
                must_be_short("instructions", instructions, MAX_INSTRUCTIONS)?;
                Self::Judge(instructions.clone())
            }
        })
    }

    fn finding(&self, Answer { answer, expected, .. }: &Answer<'_>) -> Finding {
        match self {
            Self::Exact { ignores_case } => {
                Finding::of(folded(answer.trim(), *ignores_case) == folded(expected.trim(), *ignores_case), || {
                    format!("it is not the expected `{}`", shortened(expected.trim()))
                })
            }
            Self::Contains { text, ignores_case } => {
                Finding::of(folded(answer, *ignores_case).contains(&folded(text, *ignores_case)), || {
                    format!("it does not contain `{}`", shortened(text))
                })
            }
            Self::Regex(expression) => Finding::of(expression.is_match(answer), || {
                format!("nothing in it matches `{}`", shortened(expression.as_str()))
            }),
            Self::JsonSchema(_) if answer.len() > MAX_JSON => {
                Finding::Failed(format!("it has more than {MAX_JSON} bytes, and is not held against the schema"))
            }
            Self::JsonSchema(validator) => match serde_json::from_str(answer) {
                Err(error) => Finding::Failed(format!("it is not JSON: {error}")),
                Ok(value) => match faults(validator, &value) {
                    None => Finding::Passed,
                    Some(faults) => Finding::Failed(format!("the schema does not accept it: {faults}")),
                },
            },
            Self::Judge(instructions) => Finding::AskJudge(instructions.clone()),
        }
    }
}

fn must_be_short(field: &'static str, text: &str, most: usize) -> Result<(), (&'static str, String)> {
    let fits = !text.trim().is_empty() && text.chars().count() <= most;
    if fits { Ok(()) } else { Err((field, format!("write 1 to {most} characters"))) }
}

fn folded(text: &str, ignores_case: bool) -> String {
    if ignores_case { text.to_lowercase() } else { text.to_owned() }
}

/// Expressions of the regex crate: what they match is found in a time that grows with the text alone.
fn expression(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(MAX_EXPRESSION).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it takes too much memory; repeat less in it".to_owned(),
        // After the expression with a mark below the fault: `error: unclosed group`.
        error => {
            let words = error.to_string();
            let (_, why) = words.rsplit_once("error: ").unwrap_or(("", &words));
            format!("it is no expression that can be used: {why}")
        }
    })
}

/// Schemas whose references lead to themselves or to the drafts: nothing is fetched.
fn validator(schema: &Value) -> Result<Validator, String> {
    if schema.to_string().len() > MAX_SCHEMA {
        return Err(format!("it has more than {MAX_SCHEMA} bytes"));
    }
    schema::check(schema)?;
    jsonschema::draft202012::options()
        .offline()
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_EXPRESSION))
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| match error.kind() {
            jsonschema::error::ValidationErrorKind::Referencing(_) => {
                format!("what it refers to must be in it: {}", shortened(&error))
            }
            _ => format!("it is no schema of draft 2020-12: {}", placed(&error, error.instance_path().as_str())),
        })
}

/// What is wrong with a value by a schema, if something is.
fn faults(validator: &Validator, value: &Value) -> Option<String> {
    let faults = validator.iter_errors(value).take(TOLD_FAULTS);
    let faults: Vec<String> = faults.map(|fault| placed(&fault, fault.instance_path().as_str())).collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

fn placed(fault: &impl Display, place: &str) -> String {
    let fault = shortened(fault);
    if place.is_empty() { fault } else { format!("at {}, {fault}", shortened(&place)) }
}

/// A text that is told, short enough for it.
fn shortened(text: &(impl Display + ?Sized)) -> String {
    let text = text.to_string();
    match text.char_indices().nth(TOLD_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compile(checks: Value) -> Result<Checks, BadCheck> {
        Checks::compile(&serde_json::from_value::<Vec<Check>>(checks).unwrap())
    }

    #[test]
    fn an_answer_is_held_against_each_check() {
        let schema = json!({"type": "object", "properties": {"size": {"$ref": "#/$defs/size"}}, "required": ["size"],
                            "$defs": {"size": {"type": "integer", "minimum": 1}}});
        let cases = [
            (json!({"type": "exact"}), " Refund\n", None),
            (json!({"type": "exact"}), "refunds", Some("it is not the expected `refund`")),
            (json!({"type": "exact", "ignore_case": false}), "Refund", Some("it is not the expected `refund`")),
            (json!({"type": "contains", "text": "SORRY"}), "I am sorry.", None),
            (json!({"type": "contains", "text": "STRASSE"}), "die strasse", None),
            (json!({"type": "contains", "text": "sorry"}), "No.", Some("it does not contain `sorry`")),
            (
                json!({"type": "contains", "text": "Sorry", "ignore_case": false}),
                "sorry",
                Some("it does not contain `Sorry`"),
            ),
            (json!({"type": "regex", "pattern": "(?i)^hello"}), "Hello!", None),
            (
                json!({"type": "regex", "pattern": "(?i)^hello"}),
                "Oh, hello",
                Some("nothing in it matches `(?i)^hello`"),
            ),
            (json!({"type": "json_schema", "schema": schema}), "{\"size\": 2}", None),
            (
                json!({"type": "json_schema", "schema": schema}),
                "{\"size\": 0}",
                Some("the schema does not accept it: at /size, 0 is less than the minimum of 1"),
            ),
            (
                json!({"type": "json_schema", "schema": schema}),
                "{}",
                Some("the schema does not accept it: \"size\" is a required property"),
            ),
            (
                json!({"type": "json_schema", "schema": schema}),
                "size: 2",
                Some("it is not JSON: expected value at line 1 column 1"),
            ),
        ];
        for (check, answer, reason) in cases {
            let checks = compile(json!([check])).unwrap();
            let found = checks.findings(&Answer { question: "", answer, expected: "refund" });
            let expected = reason.map_or(Finding::Passed, |reason| Finding::Failed(reason.to_owned()));
            assert_eq!(found, [expected], "{check} of {answer:?}");
        }
    }

    #[test]
    fn a_judge_is_left_to_be_asked() {
        let checks = compile(json!([{"type": "exact"}, {"type": "judge", "instructions": "It is polite."}])).unwrap();
        let found = checks.findings(&Answer { question: "", answer: "a", expected: "a" });
        assert_eq!(found, [Finding::Passed, Finding::AskJudge("It is polite.".to_owned())]);
        assert!(checks.need_judge());
        assert!(!compile(json!([{"type": "exact"}])).unwrap().need_judge());
    }

    #[test]
    fn a_check_that_says_nothing_is_told_with_its_place() {
        let schema = |schema| json!([{"type": "json_schema", "schema": schema}]);
        let cases = [
            (json!([]), "checks", "give 1 to 20 checks"),
            (json!(vec![json!({"type": "exact"}); 21]), "checks", "give 1 to 20 checks"),
            (json!([{"type": "contains", "text": " "}]), "checks[0].text", "write 1 to 2000 characters"),
            (
                json!([{"type": "exact"}, {"type": "contains", "text": "x".repeat(2001)}]),
                "checks[1].text",
                "write 1 to",
            ),
            (json!([{"type": "judge", "instructions": ""}]), "checks[0].instructions", "write 1 to 4000 characters"),
            (
                json!([{"type": "regex", "pattern": "a(b"}]),
                "checks[0].pattern",
                "it is no expression that can be used: unclosed group",
            ),
            (
                json!([{"type": "regex", "pattern": "(?=a)"}]),
                "checks[0].pattern",
                "it is no expression that can be used: look-around, including look-ahead and look-behind, is not supported",
            ),
            (json!([{"type": "regex", "pattern": "(a{500}){500}"}]), "checks[0].pattern", "it takes too much memory"),
            (schema(json!(3)), "checks[0].schema", "it is no schema of draft 2020-12: "),
            (
                schema(json!({"properties": {"a": {"minimum": "x"}}})),
                "checks[0].schema",
                "it is no schema of draft 2020-12: at /properties/a/minimum, \"x\" is not of type \"number\"",
            ),
            (
                schema(json!({"pattern": "(?=a)"})),
                "checks[0].schema",
                "it is no schema of draft 2020-12: at /pattern, ",
            ),
            (
                schema(json!({"$ref": "https://example.com/a.json"})),
                "checks[0].schema",
                "what it refers to must be in it",
            ),
            (schema(json!({"$ref": "file:///etc/passwd"})), "checks[0].schema", "what it refers to must be in it"),
            (schema(json!({"$ref": "#/$defs/absent"})), "checks[0].schema", "what it refers to must be in it"),
            (schema(json!({"const": "x".repeat(70_000)})), "checks[0].schema", "it has more than 65536 bytes"),
        ];
        for (checks, field, why) in cases {
            let bad = compile(checks.clone()).expect_err(&checks.to_string());
            assert_eq!(bad.field, field, "{bad:?}");
            assert!(bad.why.starts_with(why) && bad.why.len() < 700, "{bad:?}");
        }
    }

    #[test]
    fn what_is_told_of_a_long_answer_is_short() {
        let schema = json!({"type": "array", "items": {"type": "integer"}});
        let checks = compile(json!([{"type": "json_schema", "schema": schema}, {"type": "exact"}])).unwrap();
        let answer = json!(vec!["x".repeat(5000); 50]).to_string();
        for finding in checks.findings(&Answer { question: "", answer: &answer, expected: &answer.repeat(2) }) {
            let Finding::Failed(reason) = finding else { panic!("{finding:?}") };
            assert!(reason.len() < 1000, "{reason}");
        }
    }
}
