//! Reads an object of a data flow member by member, and notes every fault on the way.
//!
//! What is missing or wrong reads as the default of its type: whoever reads looks at the faults before the result.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::Fault;

/// How much of a value a message repeats.
const SHOWN: usize = 60;
/// PostgreSQL cuts longer names off, in bytes; two of them could become one.
const LONGEST_NAME: usize = 63;

/// An object, with the place that its faults have.
pub(super) struct Reader<'v, 'f> {
    members: &'v Map<String, Value>,
    component: Option<&'v str>,
    /// The way to the object, as `fields[2].`.
    way: String,
    known: Vec<&'static str>,
    faults: &'f mut Vec<Fault>,
}

impl<'v, 'f> Reader<'v, 'f> {
    /// A reader of a value, which notes the fault where it is no object.
    pub(super) fn of(
        value: &'v Value,
        component: Option<&'v str>,
        place: &str,
        faults: &'f mut Vec<Fault>,
    ) -> Option<Self> {
        let Value::Object(members) = value else {
            let message = format!("expected an object, got {}", shown(value));
            let field = (!place.is_empty()).then(|| place.to_owned());
            faults.push(Fault { component: component.map(str::to_owned), field, message });
            return None;
        };
        let way = if place.is_empty() { String::new() } else { format!("{place}.") };
        Some(Self { members, component, way, known: Vec::new(), faults })
    }

    /// Notes a fault of a member.
    pub(super) fn fault(&mut self, member: &str, message: impl Into<String>) {
        self.faults.push(Fault {
            component: self.component.map(str::to_owned),
            field: Some(format!("{}{member}", self.way)),
            message: message.into(),
        });
    }

    /// What a member holds, if there is one.
    fn optional(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.members.get(name)
    }

    fn required(&mut self, name: &'static str) -> Option<&'v Value> {
        let value = self.optional(name);
        if value.is_none() {
            self.fault(name, "missing, and required");
        }
        value
    }

    fn text_of(&mut self, name: &'static str, value: &'v Value) -> String {
        match value {
            Value::String(text) if !text.trim().is_empty() => text.clone(),
            other => {
                self.fault(name, format!("expected text, got {}", shown(other)));
                String::new()
            }
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        self.required(name).map(|value| self.text_of(name, value)).unwrap_or_default()
    }

    /// A text that is not empty, if there is one.
    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        self.optional(name).map(|value| self.text_of(name, value))
    }

    /// The name of a table or a column.
    pub(super) fn name(&mut self, name: &'static str) -> String {
        let value = self.text(name);
        self.check_name(name, &value);
        value
    }

    /// The name of a table or a column, if there is one.
    pub(super) fn optional_name(&mut self, name: &'static str) -> Option<String> {
        let value = self.optional_text(name)?;
        self.check_name(name, &value);
        Some(value)
    }

    fn check_name(&mut self, name: &'static str, value: &str) {
        if value.len() > LONGEST_NAME {
            self.fault(name, format!("expected at most {LONGEST_NAME} bytes, got {}", value.len()));
        } else if value.contains(char::is_control) {
            self.fault(name, "a name has no control characters");
        }
    }

    /// A whole number within bounds.
    pub(super) fn integer(&mut self, name: &'static str, bounds: RangeInclusive<i64>) -> i64 {
        let Some(value) = self.required(name) else { return 0 };
        match value.as_i64() {
            Some(number) if bounds.contains(&number) => number,
            _ => {
                let (least, most) = bounds.into_inner();
                let bounds =
                    if most == i64::MAX { format!("of {least} or more") } else { format!("from {least} to {most}") };
                self.fault(name, format!("expected a whole number {bounds}, got {}", shown(value)));
                0
            }
        }
    }

    /// One of several words, and what it means.
    pub(super) fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let value = self.required(name)?;
        let meant = words.iter().find(|(word, _)| value.as_str() == Some(*word)).map(|(_, meaning)| *meaning);
        if meant.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("expected one of {}, got {}", words.join(", "), shown(value)));
        }
        meant
    }

    /// The items of a list; none when there is no list and none is required.
    pub(super) fn items(&mut self, name: &'static str, bounds: RangeInclusive<usize>) -> &'v [Value] {
        let value = if *bounds.start() == 0 { self.optional(name) } else { self.required(name) };
        let Some(value) = value else { return &[] };
        let Some(items) = value.as_array() else {
            self.fault(name, format!("expected a list, got {}", shown(value)));
            return &[];
        };
        if bounds.contains(&items.len()) {
            return items;
        }
        let (least, most) = bounds.into_inner();
        self.fault(name, format!("expected {least} to {most} items, got {}", items.len()));
        &[]
    }

    /// Objects of a list, each read by a function.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Reader<'_, '_>) -> T,
    ) -> Vec<T> {
        let items = self.items(name, bounds).iter().enumerate();
        let read = items.filter_map(|(index, item)| {
            let place = format!("{}{name}[{index}]", self.way);
            let mut reader = Reader::of(item, self.component, &place, self.faults)?;
            let value = read(&mut reader);
            reader.finish();
            Some(value)
        });
        read.collect()
    }

    /// Texts of a list.
    pub(super) fn texts(&mut self, name: &'static str, bounds: RangeInclusive<usize>) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, item) in self.items(name, bounds).iter().enumerate() {
            match item.as_str() {
                Some(text) if !text.trim().is_empty() => texts.push(text.to_owned()),
                _ => self.fault(&format!("{name}[{index}]"), format!("expected text, got {}", shown(item))),
            }
        }
        texts
    }

    /// Notes every member that nobody has asked for.
    pub(super) fn finish(mut self) {
        let known = std::mem::take(&mut self.known);
        for unknown in self.members.keys().filter(|name| !known.contains(&name.as_str())) {
            self.fault(unknown, format!("unknown; there are {}", known.join(", ")));
        }
    }
}

/// A value for a message, cut where it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
