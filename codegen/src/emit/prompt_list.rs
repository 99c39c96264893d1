//! `prompts.json`: the list that `prompts/list` is made from, as the protocol wants it.

use serde_json::{Value, json};

use super::File;
use crate::api::{Api, Prompt, PromptArgument};

/// The list of a server that has prompts.
pub(super) fn file(api: &Api) -> Option<File> {
    let prompts: Value = api.prompts.iter().map(prompt).collect();
    (!api.prompts.is_empty()).then(|| File::new("prompts.json", format!("{prompts:#}\n")))
}

fn prompt(prompt: &Prompt) -> Value {
    let Prompt { name, title, description, arguments, uses: _, requirement: _, asks: _, messages: _ } = prompt;
    let argument =
        |PromptArgument { name, description, required, values: _, form: _, is_asked: _ }: &PromptArgument| json!({"name": name, "description": description, "required": required});
    let mut shown = json!({"name": name});
    if let Some(title) = title {
        shown["title"] = json!(title);
    }
    shown["description"] = json!(description);
    if !arguments.is_empty() {
        shown["arguments"] = arguments.iter().map(argument).collect();
    }
    shown
}
