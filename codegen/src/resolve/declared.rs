//! The declarations of all files of a server as one.

use std::collections::HashMap;

use super::Faults;
use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::{Entries, Group, Name, Prompt, Resource, Scope, Section, Tool, TypeDeclaration},
    source::Place,
};

/// Declarations of one kind, by name and in order.
pub(crate) struct Named<'m, T> {
    /// Those that could be read.
    pub(crate) entries: Vec<(&'m Name, &'m T)>,
    /// Where each name is declared, and its place in [`Self::entries`] when it could be read.
    known: HashMap<&'m str, (Place, Option<usize>)>,
    /// Whether every section could be read, so that a name that is not known is not declared.
    whole: bool,
}

impl<'m, T> Named<'m, T> {
    fn merge(what: &str, parts: impl Iterator<Item = &'m Section<Entries<Section<T>>>>, faults: &mut Faults) -> Self
    where
        T: 'm,
    {
        let mut named = Self { entries: Vec::new(), known: HashMap::new(), whole: true };
        let mut entries: Vec<&'m (Name, Section<T>)> = Vec::new();
        for part in parts {
            named.whole &= part.good().is_some();
            entries.extend(part.good().into_iter().flat_map(|entries| entries.iter()));
        }
        for (name, value) in entries {
            if let Some((first, _)) = named.known.get(name.value.as_str()) {
                faults.push(
                    Diagnostic::new(
                        Code::DuplicateDeclaration,
                        name.at,
                        format!("the {what} {} is declared twice", quoted(name)),
                    )
                    .label("again")
                    .and(*first, "first here")
                    .help("remove or rename one of the two"),
                );
                continue;
            }
            let at = value.good().map(|value| {
                named.entries.push((name, value));
                named.entries.len() - 1
            });
            named.known.insert(&name.value, (name.at, at));
        }
        named
    }

    /// Whether there is, or may be, a declaration of this name; it may have faults.
    pub(crate) fn declares(&self, name: &str) -> bool {
        !self.whole || self.known.contains_key(name)
    }

    /// The place in [`Self::entries`] of a declaration that could be read.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.known.get(name).and_then(|(_, at)| *at)
    }

    /// Every name, in the order of the declarations that could be read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'m str> + Clone + '_ {
        self.entries.iter().map(|(name, _)| name.value.as_str())
    }

    fn is_complete(&self) -> bool {
        self.whole && self.known.len() == self.entries.len()
    }
}

/// The declarations of a server.
pub(crate) struct Sections<'m> {
    pub(crate) scopes: Named<'m, Scope>,
    pub(crate) groups: Named<'m, Group>,
    pub(crate) types: Named<'m, TypeDeclaration>,
    pub(crate) tools: Named<'m, Tool>,
    pub(crate) prompts: Named<'m, Prompt>,
    pub(crate) resources: Named<'m, Resource>,
    /// Whether every declaration could be read, so that what nothing uses is used by nothing indeed.
    pub(crate) complete: bool,
}

impl<'m> Sections<'m> {
    /// One view of the manifest and of what it includes.
    pub(crate) fn merge(declared: &'m Declared, faults: &mut Faults) -> Self {
        let (manifest, included) = (&declared.manifest, &declared.included);
        macro_rules! merge {
            ($section:ident, $what:literal) => {
                Named::merge(
                    $what,
                    std::iter::once(&manifest.$section).chain(included.iter().map(|part| &part.$section)),
                    faults,
                )
            };
        }
        let mut sections = Self {
            scopes: merge!(scopes, "scope"),
            groups: merge!(groups, "group"),
            types: merge!(types, "type"),
            tools: merge!(tools, "tool"),
            prompts: merge!(prompts, "prompt"),
            resources: merge!(resources, "resource"),
            complete: true,
        };
        sections.complete = sections.scopes.is_complete()
            && sections.groups.is_complete()
            && sections.types.is_complete()
            && sections.tools.is_complete()
            && sections.prompts.is_complete()
            && sections.resources.is_complete();
        sections
    }
}
