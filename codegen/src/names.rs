//! The names of things: on the wire, in Rust, in a heading's link. The only file that changes the
//! case of a name.
//!
//! | Name | On the wire | In Rust |
//! |---|---|---|
//! | tool | snake case | the same, as a module |
//! | type | upper camel case | the same |
//! | field | a letter or underscore, then letters, digits, underscores | snake case |
//! | word of a choice, variant of a union | anything | upper camel case |
//! | binding | snake case | the same, as a method |
//! | prompt, resource | snake case | none |
//! | argument of a prompt | as a field | none |
//! | server | lowercase letters, digits, single hyphens | the package `<name>-tools` |
//!
//! A Rust keyword becomes a raw identifier. What cannot be one is refused, and so is a name that
//! would hide something: a repaired name would be one that nobody wrote.

use heck::{ToSnakeCase, ToUpperCamelCase};
use toolwright_core::text::capitalized;

use crate::diagnostic::Code;

/// Longest name of a tool, in characters; the protocol and the models' interfaces agree on it.
const LONGEST_TOOL: usize = 64;
/// Longest name of a field, in characters.
const LONGEST_FIELD: usize = 64;

/// Why a name is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of fault it is.
    pub code: Code,
    /// What is wrong, after the name.
    pub why: String,
    /// What to do.
    pub help: String,
}

fn invalid(why: impl Into<String>, help: impl Into<String>) -> Refusal {
    Refusal { code: Code::InvalidName, why: why.into(), help: help.into() }
}

fn reserved(why: impl Into<String>) -> Refusal {
    Refusal { code: Code::ReservedName, why: why.into(), help: "choose another name".into() }
}

/// The module of a tool.
///
/// # Errors
/// A name that is no snake case, or that would hide a name of the generated code.
pub fn tool(wire: &str) -> Result<String, Refusal> {
    if wire.len() > LONGEST_TOOL {
        return Err(invalid(format!("has {} characters", wire.len()), format!("use at most {LONGEST_TOOL}")));
    }
    if !is_snake_case(wire) {
        return Err(invalid("is not a name that a tool can have", example_of(&wire.to_snake_case(), "get_run")));
    }
    if HIDDEN_BY_MODULES.contains(&wire) {
        return Err(reserved("would hide a name that Rust or the generated crate has"));
    }
    identifier(wire.to_owned())
}

/// Checks the name of a prompt, which clients show as a command.
///
/// # Errors
/// A name that is no snake case.
pub fn prompt(wire: &str) -> Result<(), Refusal> {
    if wire.len() > LONGEST_TOOL {
        return Err(invalid(format!("has {} characters", wire.len()), format!("use at most {LONGEST_TOOL}")));
    }
    if !is_snake_case(wire) {
        return Err(invalid("is not a name that a prompt can have", example_of(&wire.to_snake_case(), "run_status")));
    }
    Ok(())
}

/// Checks the name of a resource, by which the log and the metrics speak of it.
///
/// # Errors
/// A name that is no snake case.
pub fn resource(wire: &str) -> Result<(), Refusal> {
    if wire.len() > LONGEST_TOOL {
        return Err(invalid(format!("has {} characters", wire.len()), format!("use at most {LONGEST_TOOL}")));
    }
    if !is_snake_case(wire) {
        return Err(invalid("is not a name that a resource can have", example_of(&wire.to_snake_case(), "run_log")));
    }
    Ok(())
}

/// Checks the name of a prompt's argument, which templates speak of.
///
/// # Errors
/// A name that templates cannot speak of, or a word of their language.
pub fn prompt_argument(wire: &str) -> Result<(), Refusal> {
    if !is_word(wire) {
        return Err(invalid("is not a name that an argument can have", word_help()));
    }
    if TEMPLATE_WORDS.contains(&wire) {
        return Err(reserved("is a word of the language of templates"));
    }
    Ok(())
}

/// The type of something that a tool asks.
///
/// # Errors
/// A name that is no snake case, or that would hide a name of Rust's own.
pub fn ask(wire: &str) -> Result<String, Refusal> {
    if !is_snake_case(wire) || wire.len() > LONGEST_FIELD {
        return Err(invalid("is not a name that an ask can have", example_of(&wire.to_snake_case(), "user_name")));
    }
    let name = wire.to_upper_camel_case();
    if PRELUDE.contains(&name.as_str()) {
        return Err(reserved(format!("would be `{name}` in Rust, which has that name itself")));
    }
    Ok(name)
}

/// The type of the answer to an ask, by the name of the ask's own type.
pub fn answer(ask: &str) -> String {
    format!("{ask}Answer")
}

/// The method of a call for the value of a binding.
///
/// # Errors
/// A name that is no snake case, or that a call has already.
pub fn binding(wire: &str) -> Result<String, Refusal> {
    if !is_snake_case(wire) || wire.len() > LONGEST_FIELD {
        return Err(invalid("is not a name that a binding can have", example_of(&wire.to_snake_case(), "account")));
    }
    if CALL.contains(&wire) {
        return Err(reserved("is something else that every call has"));
    }
    identifier(wire.to_owned())
}

/// The field of a struct for a property.
///
/// # Errors
/// A name that is no identifier on the wire or in Rust.
pub fn field(wire: &str) -> Result<String, Refusal> {
    if !is_word(wire) {
        return Err(invalid("is not a name that a field can have", word_help()));
    }
    identifier(wire.to_snake_case())
}

/// The variant of an enum for a word.
///
/// # Errors
/// A word without a letter to begin with.
pub fn variant(wire: &str) -> Result<String, Refusal> {
    let name = wire.to_upper_camel_case();
    if !name.starts_with(|first: char| first.is_ascii_uppercase())
        || !name.chars().all(|next| next.is_ascii_alphanumeric())
    {
        return Err(invalid("has no name in Rust", "use a word of letters and digits that begins with a letter"));
    }
    identifier(name)
}

/// Checks the name of a type, which is the same in Rust.
///
/// # Errors
/// A name that is no upper camel case, or that would hide a name of Rust or of the runtime.
pub fn type_name(wire: &str) -> Result<(), Refusal> {
    if !wire.starts_with(|first: char| first.is_ascii_uppercase())
        || !wire.chars().all(|next| next.is_ascii_alphanumeric())
    {
        return Err(invalid(
            "is not a name that a type can have",
            example_of(&wire.to_upper_camel_case(), "RunStatus"),
        ));
    }
    if PRELUDE.contains(&wire) {
        return Err(reserved("is a name of Rust's own"));
    }
    if RUNTIME.contains(&wire) {
        return Err(reserved("is a name of the runtime or of every tool's module"));
    }
    Ok(())
}

/// Checks the name of a server.
///
/// # Errors
/// A name that no package can have.
pub fn server(wire: &str) -> Result<(), Refusal> {
    let words = wire
        .split('-')
        .all(|word| !word.is_empty() && word.chars().all(|next| next.is_ascii_lowercase() || next.is_ascii_digit()));
    if words && wire.starts_with(|first: char| first.is_ascii_lowercase()) && wire.len() <= 40 {
        return Ok(());
    }
    let help = "use lowercase letters, digits and single hyphens, a letter first, at most 40 characters";
    Err(invalid("is not a name that a server can have", help))
}

/// The package of a server's generated crate.
pub fn package(server: &str) -> String {
    format!("{server}-tools")
}

/// The link to a heading, as the renderers of Markdown make it.
pub fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|char| match char {
            ' ' | '-' => Some('-'),
            '_' => Some('_'),
            other => other.is_alphanumeric().then_some(other),
        })
        .collect()
}

/// The name of a shape as a heading.
pub fn heading(shape: &str) -> String {
    capitalized(&words(shape).join(" "))
}

/// The words of a name, in lowercase, however they are joined.
pub fn words(wire: &str) -> Vec<String> {
    wire.to_snake_case().split('_').map(str::to_owned).collect()
}

/// Whether a name is one word for JSON's paths, for Rust and for templates.
fn is_word(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|next| next.is_ascii_alphanumeric() || next == '_')
        && name.len() <= LONGEST_FIELD
}

fn word_help() -> String {
    format!("use letters, digits and underscores, a letter first, at most {LONGEST_FIELD} characters")
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.chars().all(|next| next.is_ascii_lowercase() || next.is_ascii_digit()))
}

fn example_of(proposed: &str, example: &str) -> String {
    let usable =
        !proposed.is_empty() && proposed.is_ascii() && proposed.starts_with(|first: char| first.is_alphabetic());
    let proposed = if usable { proposed } else { example };
    format!("write it as `{proposed}`")
}

fn identifier(name: String) -> Result<String, Refusal> {
    if matches!(name.as_str(), "self" | "super" | "crate" | "Self" | "_" | "") {
        return Err(reserved("cannot be a name in Rust"));
    }
    Ok(if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name })
}

/// What means something of its own in the gaps and conditions of a template.
const TEMPLATE_WORDS: &[&str] =
    &["False", "None", "True", "and", "else", "false", "if", "in", "is", "loop", "none", "not", "or", "tool", "true"];

/// Keywords of Rust 2024, strict and reserved, that a raw identifier can spell.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// What a module of the same name would hide in a file that imports the generated crate whole:
/// crates that every file can name, primitive types, and what the generated crate itself has.
const HIDDEN_BY_MODULES: &[&str] = &[
    "alloc",
    "bool",
    "char",
    "contract",
    "core",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "proc_macro",
    "std",
    "str",
    "toolwright",
    "types",
    "types",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// Types, traits and variants that every Rust 2024 file has.
const PRELUDE: &[&str] = &[
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Clone",
    "Copy",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
];

/// The methods of a call, which would hide one of a binding.
const CALL: &[&str] = &[
    "about",
    "ask",
    "can_ask",
    "cancelled",
    "clone",
    "elicit",
    "fmt",
    "identity",
    "list_changed",
    "log",
    "new",
    "progress",
    "resource_updated",
    "subject",
    "to_owned",
    "tool",
];

/// What the runtime's public face and every generated module have.
const RUNTIME: &[&str] = &[
    "Access",
    "Args",
    "Ask",
    "Asks",
    "Bindings",
    "BoundGrants",
    "BoundValue",
    "Call",
    "Content",
    "Context",
    "Dispatch",
    "Elicited",
    "ErrorCode",
    "Grants",
    "Handle",
    "Handlers",
    "HeaderMap",
    "Identity",
    "Input",
    "KeyError",
    "KeyField",
    "KeyFieldKind",
    "KeyOwner",
    "KeyValues",
    "Level",
    "List",
    "Listing",
    "Output",
    "Person",
    "Program",
    "Progress",
    "Read",
    "ReadStore",
    "Record",
    "RecordStore",
    "Redacted",
    "Reply",
    "ResourceBody",
    "ResourceLink",
    "Reworded",
    "Role",
    "Root",
    "Roots",
    "Sampled",
    "ScopeSet",
    "Secrets",
    "ServedAccounts",
    "ServerSpec",
    "Serves",
    "SignIn",
    "Store",
    "StoredKey",
    "StoredKeys",
    "Stores",
    "Tool",
    "ToolError",
    "Upstream",
    "UpstreamReader",
    "UpstreamWriter",
    "Value",
    "Visitor",
    "Write",
    "WriteStore",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(name: Result<String, Refusal>) -> Option<String> {
        name.ok()
    }

    #[test]
    fn tools_are_modules() {
        let cases = [
            ("get_run", Some("get_run")),
            ("move", Some("r#move")),
            ("v2_list", Some("v2_list")),
            ("getRun", None),
            ("get__run", None),
            ("_run", None),
            ("get.run", None),
            ("2fast", None),
            ("super", None),
            ("std", None),
            ("types", None),
            ("", None),
        ];
        for (wire, expected) in cases {
            assert_eq!(rust(tool(wire)).as_deref(), expected, "{wire}");
        }
        assert!(tool(&"a".repeat(64)).is_ok());
        assert!(tool(&"a".repeat(65)).is_err());
    }

    #[test]
    fn fields_are_snake_case() {
        let cases = [
            ("run_id", Some("run_id")),
            ("runId", Some("run_id")),
            ("_id", Some("id")),
            ("type", Some("r#type")),
            ("self", None),
            ("Self", None),
            ("__", None),
            ("a-b", None),
            ("é", None),
        ];
        for (wire, expected) in cases {
            assert_eq!(rust(field(wire)).as_deref(), expected, "{wire}");
        }
    }

    #[test]
    fn words_are_variants() {
        let cases = [
            ("queued", Some("Queued")),
            ("in_progress", Some("InProgress")),
            ("text/html", Some("TextHtml")),
            ("v2", Some("V2")),
            ("self", None),
            ("4k", None),
            ("*", None),
            ("größe", None),
        ];
        for (wire, expected) in cases {
            assert_eq!(rust(variant(wire)).as_deref(), expected, "{wire}");
        }
    }

    #[test]
    fn every_public_name_of_the_runtime_is_reserved() {
        fn leaves(tree: &syn::UseTree, found: &mut Vec<String>) {
            match tree {
                syn::UseTree::Path(path) => leaves(&path.tree, found),
                syn::UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, found)),
                syn::UseTree::Name(name) => found.push(name.ident.to_string()),
                syn::UseTree::Rename(rename) => found.push(rename.rename.to_string()),
                syn::UseTree::Glob(_) => panic!("a glob hides which names there are"),
            }
        }
        let mut public = Vec::new();
        for item in syn::parse_file(include_str!("../../src/lib.rs")).expect("the runtime").items {
            match item {
                syn::Item::Use(item) if matches!(item.vis, syn::Visibility::Public(_)) => {
                    leaves(&item.tree, &mut public);
                }
                _ => {}
            }
        }
        public.retain(|name| name.starts_with(|first: char| first.is_uppercase()));
        assert!(public.contains(&"ToolError".to_owned()), "{public:?}");
        public.retain(|name| !RUNTIME.contains(&name.as_str()));
        assert!(public.is_empty(), "not reserved: {public:?}");
    }

    #[test]
    fn every_method_of_a_call_is_reserved() {
        let file = syn::parse_file(include_str!("../../src/call.rs")).expect("the runtime");
        let is_of_call = |of: &syn::Type| matches!(of, syn::Type::Path(path) if path.path.is_ident("Call"));
        let items = file.items.iter().filter_map(|item| match item {
            syn::Item::Impl(item) if is_of_call(&item.self_ty) => Some(&item.items),
            _ => None,
        });
        let methods = items.flatten().filter_map(|item| match item {
            syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        });
        let methods: Vec<String> = methods.collect();
        assert!(methods.contains(&"identity".to_owned()), "{methods:?}");
        assert!(methods.iter().all(|method| CALL.contains(&method.as_str())), "not reserved: {methods:?}");
    }

    #[test]
    fn lists_of_names_are_sorted() {
        for list in [CALL, KEYWORDS, HIDDEN_BY_MODULES, PRELUDE, RUNTIME] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }

    #[test]
    fn every_keyword_is_one() {
        for keyword in KEYWORDS {
            // syn knows the editions up to 2021; `gen` came with 2024.
            assert!(*keyword == "gen" || syn::parse_str::<syn::Ident>(keyword).is_err(), "{keyword}");
            assert!(syn::parse_str::<syn::Ident>(&format!("r#{keyword}")).is_ok(), "{keyword}");
        }
    }

    #[test]
    fn anchors_follow_headings() {
        for (heading, expected) in
            [("Get a run's log", "get-a-runs-log"), ("Scopes", "scopes"), ("`list_runs`", "list_runs")]
        {
            assert_eq!(anchor(heading), expected);
        }
    }
}
