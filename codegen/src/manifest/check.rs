//! A tree against the schema of its kind: every structural fault at once, each at its place.

use serde::Deserialize;
use serde_json::Value;

use super::{
    explain::Explainer,
    schema::{self, Kind},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    tree::Tree,
};

/// The schema of one kind of file, ready to check with.
pub struct Checker {
    schema: Value,
    validator: Option<jsonschema::Validator>,
}

impl Checker {
    /// Makes the schema of a kind ready.
    pub fn new(kind: Kind) -> Self {
        let schema = schema::of(kind);
        let validator = jsonschema::draft202012::new(&schema).ok();
        Self { schema, validator }
    }

    /// The faults of a tree, and what could be read in spite of them.
    pub fn read<T: for<'t> Deserialize<'t>>(&self, tree: &Tree) -> (Option<T>, Vec<Diagnostic>) {
        let json = tree.to_json();
        let explainer = Explainer::new(&self.schema, tree);
        let mut faults: Vec<Diagnostic> = match &self.validator {
            Some(validator) => validator.iter_errors(&json).flat_map(|error| explainer.explain(&error)).collect(),
            None => vec![disagreement(tree, "its schema does not compile")],
        };
        let manifest = T::deserialize(tree);
        if let (true, Err(misfit)) = (faults.is_empty(), &manifest) {
            faults.push(disagreement(tree, &misfit.0));
        }
        (manifest.ok(), faults)
    }
}

/// What the schema accepts and the shapes refuse. Both are made from the same types, so that this
/// is a fault of this program; it is reported all the same.
pub fn disagreement(tree: &Tree, why: &str) -> Diagnostic {
    Diagnostic::new(Code::Internal, tree.at, format!("this manifest is valid, and yet cannot be read: {why}"))
        .help("this is a fault of the generator: please report it with the manifest")
}
