//! `resources.json` and `resource-templates.json`: the lists that `resources/list` and `resources/templates/list` are made
//! from, as the protocol wants them.

use serde_json::{Value, json};

use super::File;
use crate::api::{Api, Resource, ResourceContent};

/// What the files are called.
pub(super) const RESOURCES: &str = "resources.json";
pub(super) const TEMPLATES: &str = "resource-templates.json";

/// The lists of a server that has any.
pub(super) fn files(api: &Api) -> Vec<File> {
    let list = |path: &str, of_templates: bool| {
        let shown: Vec<Value> =
            api.resources.iter().filter(|one| is_template(one) == of_templates).map(shown).collect();
        (!shown.is_empty()).then(|| File::new(path, format!("{:#}\n", Value::from(shown))))
    };
    [list(RESOURCES, false), list(TEMPLATES, true)].into_iter().flatten().collect()
}

/// Whether a resource is a template of many.
pub(super) fn is_template(resource: &Resource) -> bool {
    !resource.variables().is_empty()
}

fn shown(resource: &Resource) -> Value {
    let Resource { name, uri, title, description, media_type, requirement: _, scope_note: _, content, subscribe: _ } =
        resource;
    let key = if is_template(resource) { "uriTemplate" } else { "uri" };
    let mut shown = json!({key: uri, "name": name});
    if let Some(title) = title {
        shown["title"] = json!(title);
    }
    shown["description"] = json!(description);
    shown["mimeType"] = json!(media_type);
    match content {
        ResourceContent::Text(text) => shown["size"] = json!(text.len()),
        ResourceContent::Bytes(bytes) => shown["size"] = json!(bytes.len()),
        ResourceContent::Tool { .. } => {}
    }
    shown
}
