//! Keys of other services that the server's own code stores.

use serde::Serialize;

use super::{
    Pages,
    layout::{Notice, Section, Visitor},
};
use crate::time::{Moment, moment};

/// Everything that the page shows. The words are the server's own code's.
#[derive(Debug, Clone)]
pub struct Keys<'a> {
    /// The time, in seconds since 1970.
    pub now: i64,
    /// What the keys are for.
    pub description: &'a str,
    /// The keys that are stored.
    pub keys: Vec<Key<'a>>,
    /// What is asked for to add one.
    pub form: KeyForm<'a>,
    /// What has become of what was asked for.
    pub notice: Option<Notice>,
}

/// A stored key.
#[derive(Debug, Clone)]
pub struct Key<'a> {
    /// Its id.
    pub id: &'a str,
    /// What its owner called it.
    pub name: &'a str,
    /// What is left of it, such as `sk-…3f9a`.
    pub masked: &'a str,
    /// What else is known of it: what it is, and its value.
    pub details: Vec<(&'a str, &'a str)>,
    /// When it was added, in seconds since 1970.
    pub added_at: Option<i64>,
}

/// What is asked for to add a key.
#[derive(Debug, Clone, Default)]
pub struct KeyForm<'a> {
    /// The fields.
    pub fields: Vec<KeyField<'a>>,
    /// What is wrong with it as a whole.
    pub fault: Option<&'a str>,
}

/// A field of the form.
#[derive(Debug, Clone, Copy)]
pub struct KeyField<'a> {
    /// What it is called where the form is sent; never `csrf`.
    pub name: &'a str,
    /// What people call it.
    pub label: &'a str,
    /// What is written into it.
    pub kind: KeyFieldKind,
    /// What to write, in a sentence.
    pub hint: Option<&'a str>,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What is in it; a secret is never sent back.
    pub value: &'a str,
    /// What is wrong with it.
    pub fault: Option<&'a str>,
}

/// What is written into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFieldKind {
    /// A text.
    Text,
    /// A URL.
    Url,
    /// The key itself.
    Secret,
}

#[derive(Serialize)]
struct Page<'a> {
    url: String,
    delete_url: String,
    description: &'a str,
    keys: Vec<Row<'a>>,
    fields: Vec<Field<'a>>,
    fault: Option<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    masked: &'a str,
    details: &'a [(&'a str, &'a str)],
    added: Option<Moment>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    label: &'a str,
    /// The type of the element.
    of: &'static str,
    hint: Option<&'a str>,
    required: bool,
    value: &'a str,
    fault: Option<&'a str>,
}

impl Pages {
    /// The page of stored keys.
    pub fn keys(&self, visitor: &Visitor<'_>, keys: &Keys<'_>) -> String {
        let Keys { now, description, keys, form, notice } = keys;
        let page = Page {
            url: self.url("keys"),
            delete_url: self.url("keys/delete"),
            description,
            keys: keys.iter().map(|key| row(key, *now)).collect(),
            fields: form.fields.iter().map(field).collect(),
            fault: form.fault,
        };
        let layout = self.within(Section::Keys, Some(visitor), notice.as_ref(), &["dialog.js"]);
        self.render("keys.html", &layout, &page)
    }
}

fn row<'a>(key: &'a Key<'a>, now: i64) -> Row<'a> {
    let Key { id, name, masked, details, added_at } = key;
    Row { id, name, masked, details, added: added_at.map(|at| moment(at, now)) }
}

fn field<'a>(field: &KeyField<'a>) -> Field<'a> {
    let KeyField { name, label, kind, hint, required, value, fault } = *field;
    let (of, value) = match kind {
        KeyFieldKind::Text => ("text", value),
        KeyFieldKind::Url => ("url", value),
        KeyFieldKind::Secret => ("password", ""),
    };
    Field { name, label, of, hint, required, value, fault }
}
