//! How much work a schema can be: bounded before it is used, since references multiply it out of all proportion to its size.

use std::collections::HashMap;

use serde_json::Value;

/// How many subschemas a schema can have where each reference counts as what it leads to.
const MAX_SUBSCHEMAS: u64 = 2_000;

/// How many references can lead on from one to the next.
const MAX_CHAIN: usize = 50;

/// # Errors
/// Why a schema is too much work, or why that cannot be told.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let mut measure = Measure { root: schema, known: HashMap::new(), chain: Vec::new() };
    let subschemas = measure.of(schema)?;
    if subschemas > MAX_SUBSCHEMAS {
        return Err(format!(
            "with all that its references lead to it has more than {MAX_SUBSCHEMAS} parts; refer to less, or less often"
        ));
    }
    Ok(())
}

struct Measure<'a> {
    root: &'a Value,
    /// How much each reference leads to.
    known: HashMap<&'a str, u64>,
    /// The references that are being followed.
    chain: Vec<&'a str>,
}

impl<'a> Measure<'a> {
    fn of(&mut self, value: &'a Value) -> Result<u64, String> {
        match value {
            Value::Object(members) => {
                let mut sum: u64 = 1;
                for (name, member) in members {
                    let part = match (name.as_str(), member) {
                        ("$ref", Value::String(reference)) => self.behind(reference)?,
                        ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                            return Err(format!("`{name}` can lead anywhere; use `$ref`"));
                        }
                        _ => self.of(member)?,
                    };
                    sum = sum.saturating_add(part);
                }
                Ok(sum)
            }
            Value::Array(items) => items.iter().try_fold(0_u64, |sum, item| Ok(sum.saturating_add(self.of(item)?))),
            _ => Ok(0),
        }
    }

    fn behind(&mut self, reference: &'a str) -> Result<u64, String> {
        if let Some(known) = self.known.get(reference) {
            return Ok(*known);
        }
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let target = target
            .ok_or_else(|| "what it refers to must be in it, and named by its place, as `#/$defs/size`".to_owned())?;
        if self.chain.contains(&reference) || target == self.root {
            return Err("a reference leads back to itself; write out as many levels as an answer has".to_owned());
        }
        if self.chain.len() >= MAX_CHAIN {
            return Err(format!("more than {MAX_CHAIN} references lead on from one to the next"));
        }
        self.chain.push(reference);
        let behind = self.of(target)?;
        self.chain.pop();
        self.known.insert(reference, behind);
        Ok(behind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    /// Definitions, each of which is twice the next one.
    fn doubled(times: usize) -> Value {
        let twice = |next: usize| json!({"allOf": [{"$ref": format!("#/$defs/d{next}")}, {"$ref": format!("#/$defs/d{next}")}]});
        let mut defs: Map<_, _> = (0..times).map(|number| (format!("d{number}"), twice(number + 1))).collect();
        defs.insert(format!("d{times}"), json!({"type": "string"}));
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    }

    #[test]
    fn what_is_more_work_than_it_looks_is_refused() {
        let size = json!({"$defs": {"size": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/size"}, "b": {"$ref": "#/$defs/size"}}});
        let many: Map<_, _> = (0..3000).map(|number| (format!("p{number}"), json!({"type": "string"}))).collect();
        let chain: Map<_, _> =
            (0..60).map(|n| (format!("c{n}"), json!({"items": {"$ref": format!("#/$defs/c{}", n + 1)}}))).collect();
        for (schema, why) in [
            (size, None),
            (json!(true), None),
            (doubled(5), None),
            (doubled(45), Some("more than 2000 parts")),
            (json!({"properties": many}), Some("more than 2000 parts")),
            (json!({"items": {"$ref": "#"}}), Some("leads back to itself")),
            (json!({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}), Some("leads back to itself")),
            (json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}), Some("leads back to itself")),
            (json!({"$ref": "#/$defs/c0", "$defs": chain}), Some("more than 50 references")),
            (json!({"$ref": "https://example.com/schema"}), Some("must be in it")),
            (json!({"$ref": "#/$defs/none"}), Some("must be in it")),
            (json!({"$dynamicRef": "#node"}), Some("use `$ref`")),
        ] {
            let said = check(&schema).err();
            assert!(
                said.as_deref().map_or(why.is_none(), |said| why.is_some_and(|why| said.contains(why))),
                "{schema}: {said:?}"
            );
        }
    }
}
