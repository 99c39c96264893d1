//! Arguments without what the manifest keeps out of every record and every answer (`secret: omit`): its schema is
//! `writeOnly`, in JSON Schema's own word.

use serde_json::{Map, Value};

/// What stands in the place of a value.
pub(super) const OMITTED: &str = "[omitted]";

/// How deep references are followed that lead to no value: more than any schema of the generator has.
const REFERENCES: usize = 16;

/// The input schema of a tool that has something to omit.
#[derive(Debug)]
pub(crate) struct Omission {
    schema: Value,
}

impl Omission {
    /// Nothing for a schema without secrets.
    pub(crate) fn of(schema: &Value) -> Option<Self> {
        has_secret(schema).then(|| Self { schema: schema.clone() })
    }

    /// The arguments without secrets. They need not fit the schema: what it does not know is left out as well, since a
    /// secret under a misspelt name is one, and so is what stands where there should have been one.
    pub(crate) fn apply(&self, arguments: &Value) -> Value {
        self.clean(arguments, &self.alternatives(&self.schema))
    }

    fn clean(&self, value: &Value, schemas: &[&Value]) -> Value {
        if schemas.is_empty() || schemas.iter().any(|schema| schema["writeOnly"] == true) {
            return omitted(value);
        }
        match value {
            Value::Object(members) => {
                let clean = |(name, member): (&String, &Value)| {
                    (name.clone(), self.clean(member, &self.members(schemas, name)))
                };
                Value::Object(members.iter().map(clean).collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                let below = self.below(schemas, "items");
                items.iter().map(|item| self.clean(item, &below)).collect()
            }
            // A whole object as a text is what models send by mistake.
            Value::String(_) | Value::Number(_) if schemas.iter().any(|schema| self.holds_secret(schema)) => {
                omitted(value)
            }
            value => value.clone(),
        }
    }

    /// What a member of this name can be.
    fn members<'s>(&'s self, schemas: &[&'s Value], name: &str) -> Vec<&'s Value> {
        let declared: Vec<_> = schemas
            .iter()
            .filter_map(|schema| schema.get("properties")?.get(name))
            .flat_map(|schema| self.alternatives(schema))
            .collect();
        if declared.is_empty() { self.below(schemas, "additionalProperties") } else { declared }
    }

    /// What stands below a keyword. A schema that says nothing takes anything, as long as it has no secret itself.
    fn below<'s>(&'s self, schemas: &[&'s Value], keyword: &str) -> Vec<&'s Value> {
        let below: Vec<_> = schemas
            .iter()
            .filter_map(|schema| schema.get(keyword))
            .filter(|schema| schema.is_object())
            .flat_map(|schema| self.alternatives(schema))
            .collect();
        if below.is_empty() {
            schemas
                .iter()
                .copied()
                .filter(|schema| schema.get("type").is_none() && !self.holds_secret(schema))
                .collect()
        } else {
            below
        }
    }

    /// The schema without references and alternatives: each of what it can be.
    fn alternatives<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let mut found = Vec::new();
        self.resolve(schema, 0, &mut found);
        found
    }

    fn resolve<'s>(&'s self, schema: &'s Value, depth: usize, found: &mut Vec<&'s Value>) {
        if depth > REFERENCES {
            return;
        }
        // What stands beside a reference counts as well.
        found.push(schema);
        if let Some(target) =
            schema["$ref"].as_str().and_then(|target| self.schema.pointer(target.trim_start_matches('#')))
        {
            self.resolve(target, depth + 1, found);
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            for alternative in schema[keyword].as_array().into_iter().flatten() {
                self.resolve(alternative, depth + 1, found);
            }
        }
    }

    /// Whether something within it is a secret.
    fn holds_secret(&self, schema: &Value) -> bool {
        let mut seen = Vec::new();
        self.reaches_secret(schema, &mut seen)
    }

    fn reaches_secret<'s>(&'s self, schema: &'s Value, seen: &mut Vec<&'s str>) -> bool {
        match schema {
            Value::Object(members) => members.iter().any(|(keyword, below)| match (keyword.as_str(), below) {
                ("writeOnly", Value::Bool(true)) => true,
                ("$ref", Value::String(target)) if !seen.contains(&target.as_str()) => {
                    seen.push(target);
                    let target = self.schema.pointer(target.trim_start_matches('#'));
                    target.is_some_and(|target| self.reaches_secret(target, seen))
                }
                ("$defs" | "default" | "enum" | "const" | "examples", _) => false,
                (_, below) => self.reaches_secret(below, seen),
            }),
            Value::Array(items) => items.iter().any(|item| self.reaches_secret(item, seen)),
            _ => false,
        }
    }
}

/// Whether a schema has the word anywhere.
fn has_secret(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.get("writeOnly") == Some(&Value::Bool(true)) || members.values().any(has_secret)
        }
        Value::Array(items) => items.iter().any(has_secret),
        _ => false,
    }
}

/// That there is nothing is no secret.
fn omitted(value: &Value) -> Value {
    if value.is_null() { Value::Null } else { OMITTED.into() }
}
