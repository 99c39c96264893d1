//! What the lists of tools, prompts and resources show to a caller.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use rmcp::model::{CacheScope, Prompt, Resource, ResourceTemplate, Tool};
use serde::de::DeserializeOwned;

use crate::{
    ServerSpec,
    about::About,
    caller::Caller,
    gate::{self, Denial, Operation},
    spec::{Listing, PromptSpec, ResourceSpec, ToolSpec},
};

/// The declared tools as the protocol shows them.
pub(crate) type ToolList = List<ToolSpec, Tool>;

/// The declared prompts as the protocol shows them.
pub(crate) type PromptList = List<PromptSpec, Prompt>;

/// The declared resources as the protocol shows them.
pub(crate) type ResourceList = List<ResourceSpec, Resource>;

/// The declared templates of resources as the protocol shows them.
pub(crate) type TemplateList = List<ResourceSpec, ResourceTemplate>;

/// Operations as the protocol shows them, read once.
pub(crate) struct List<O: Operation, S> {
    entries: Vec<(&'static O, S)>,
}

/// An operation as the protocol shows it.
pub(crate) trait Shown: Clone + DeserializeOwned {
    fn name(&self) -> &str;
    /// The same with more in its description.
    #[must_use]
    fn with_note(self, note: String) -> Self;
}

impl Shown for Tool {
    fn name(&self) -> &str {
        &self.name
    }

    fn with_note(mut self, note: String) -> Self {
        self.description = Some(after(self.description.as_deref(), note).into());
        self
    }
}

impl Shown for Prompt {
    fn name(&self) -> &str {
        &self.name
    }

    fn with_note(mut self, note: String) -> Self {
        self.description = Some(after(self.description.as_deref(), note));
        self
    }
}

impl Shown for Resource {
    fn name(&self) -> &str {
        &self.name
    }

    fn with_note(mut self, note: String) -> Self {
        self.description = Some(after(self.description.as_deref(), note));
        self
    }
}

impl Shown for ResourceTemplate {
    fn name(&self) -> &str {
        &self.name
    }

    fn with_note(mut self, note: String) -> Self {
        self.description = Some(after(self.description.as_deref(), note));
        self
    }
}

fn after(description: Option<&str>, note: String) -> String {
    match description {
        Some(description) => format!("{description} {note}"),
        None => note,
    }
}

impl<O: Operation, S: Shown> List<O, S> {
    /// # Errors
    /// When the list is not that of the declared operations.
    pub(crate) fn read(list: &str, declared: impl Iterator<Item = &'static O> + Clone) -> anyhow::Result<Self> {
        let shown: Vec<S> = serde_json::from_str(list).context("a generated list is broken")?;
        let same = shown.iter().map(Shown::name).eq(declared.clone().map(Operation::name));
        ensure!(same, "a generated list has other names than the generated declarations");
        Ok(Self { entries: declared.zip(shown).collect() })
    }

    /// The list for one caller.
    pub(crate) fn of(&self, server: &ServerSpec, caller: &Arc<Caller>) -> Vec<S> {
        let about = About::anything(caller);
        let shown = |(spec, shown): &(&'static O, S)| match (gate::admit(server, &about, *spec), server.listing) {
            (Ok(_), _) | (Err(_), Listing::All) => Some(shown.clone()),
            (Err(_), Listing::Granted) => None,
            (Err(denial), Listing::Gated) => Some(shown.clone().with_note(note(&denial, server))),
        };
        self.entries.iter().filter_map(shown).collect()
    }

    /// The operations that one caller can see.
    pub(crate) fn visible(&self, server: &ServerSpec, caller: &Arc<Caller>) -> impl Iterator<Item = &'static O> {
        let about = About::anything(caller);
        self.entries
            .iter()
            .map(|(spec, _)| *spec)
            .filter(move |spec| server.listing != Listing::Granted || gate::admit(server, &about, *spec).is_ok())
    }

    /// One operation as the protocol shows it to those who may have it.
    pub(crate) fn get(&self, name: &str) -> Option<&S> {
        self.entries.iter().find(|(spec, _)| spec.name() == name).map(|(_, shown)| shown)
    }
}

/// Whether callers may share a cached list.
pub(crate) fn cache_scope(listing: Listing) -> CacheScope {
    match listing {
        Listing::All => CacheScope::Public,
        Listing::Granted | Listing::Gated => CacheScope::Private,
    }
}

fn note(denial: &Denial, server: &ServerSpec) -> String {
    let missing = denial.missing(server).join(" and ");
    format!("Not available with this {}: it lacks {missing}.", server.credential.name)
}
