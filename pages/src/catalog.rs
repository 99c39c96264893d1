//! Scopes and tools as pages show them: what each unlocks, and what each asks for.

use serde::Serialize;
use toolwright_core::{Access, Requirement, ScopeId, ScopeSet, Scopes, authorize};

use crate::{Argument, Server, Tool};

/// Everything that a page says about scopes and tools.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Catalog {
    pub(crate) scopes: Vec<ScopeRow>,
    pub(crate) groups: Vec<GroupSection>,
    /// How many tools there are.
    pub(crate) total: usize,
    /// How many of them the ticked scopes unlock.
    pub(crate) unlocked: usize,
    /// Whether a scope is ticked.
    pub(crate) has_ticked: bool,
    /// What the script computes with.
    pub(crate) data: Data,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ScopeRow {
    pub(crate) name: String,
    access: &'static str,
    grants: String,
    /// The other scopes that a holder need not ask for.
    covers: Vec<String>,
    /// How many tools it unlocks alone, beside those that need no scope.
    unlocks: usize,
    pub(crate) ticked: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct GroupSection {
    title: String,
    description: Option<String>,
    tools: Vec<ToolRow>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ToolRow {
    /// Its place in the list, and in [`Data`].
    place: usize,
    name: String,
    title: String,
    description: String,
    access: &'static str,
    records: bool,
    /// What a caller must hold: one of each.
    clauses: Vec<Vec<String>>,
    arguments: Vec<Argument>,
    /// Whether the ticked scopes unlock it.
    unlocked: bool,
    /// What a search looks through, in lower case.
    words: String,
}

/// What `scopes.js` computes with: scopes are places in the list.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Data {
    scopes: Vec<ScopeData>,
    tools: Vec<ToolData>,
}

#[derive(Debug, Clone, Serialize)]
struct ScopeData {
    name: String,
    writes: bool,
    /// Itself, and all that it implies, directly or through others.
    covers: Vec<u8>,
}

#[derive(Debug, Clone, Serialize)]
struct ToolData {
    name: String,
    clauses: Vec<Vec<u8>>,
}

/// The catalog with these scopes ticked.
pub(crate) fn catalog(server: &Server, ticked: ScopeSet) -> Catalog {
    let scopes = server.scopes();
    let is_unlocked = |tool: &Tool| authorize(scopes, &tool.requirement, ticked).is_ok();
    let group = |(place, group): (usize, &crate::Group)| GroupSection {
        title: group.title.clone(),
        description: group.description.clone(),
        tools: (0..)
            .zip(&server.tools)
            .filter(|(_, tool)| tool.group == place)
            .map(|(place, tool)| row(scopes, place, tool, is_unlocked(tool)))
            .collect(),
    };
    Catalog {
        scopes: ids(scopes).map(|id| scope_row(server, id, ticked.contains(id))).collect(),
        groups: server.groups.iter().enumerate().map(group).collect(),
        total: server.tools.len(),
        unlocked: server.tools.iter().filter(|tool| is_unlocked(tool)).count(),
        has_ticked: !ticked.is_empty(),
        data: data(server),
    }
}

/// The scopes among some names; others are none of the server's, and mean nothing.
pub(crate) fn ticked<'a>(scopes: Scopes<'_>, names: impl IntoIterator<Item = &'a String>) -> ScopeSet {
    names.into_iter().filter_map(|name| scopes.find(name)).collect()
}

fn ids(scopes: Scopes<'_>) -> impl Iterator<Item = ScopeId> {
    scopes.all().iter()
}

fn scope_row(server: &Server, id: ScopeId, ticked: bool) -> ScopeRow {
    let scopes = server.scopes();
    let scope = scopes.get(id);
    let alone = ScopeSet::of(&[id]);
    let unlocks = |tool: &&Tool| !tool.requirement.is_session() && authorize(scopes, &tool.requirement, alone).is_ok();
    ScopeRow {
        name: scope.name.to_string(),
        access: scope.access.as_str(),
        grants: scope.grants.to_string(),
        covers: scopes.widen(alone).iter().filter(|other| *other != id).map(|id| name(scopes, id)).collect(),
        unlocks: server.tools.iter().filter(unlocks).count(),
        ticked,
    }
}

fn row(scopes: Scopes<'_>, place: usize, tool: &Tool, unlocked: bool) -> ToolRow {
    let Tool { name, title, description, group: _, access, records, requirement, arguments } = tool;
    let clauses: Vec<Vec<_>> = clauses(requirement).map(|ids| ids.map(|id| self::name(scopes, id)).collect()).collect();
    let searched = [name.as_str(), title, description, access.as_str()].into_iter().map(str::to_owned);
    let searched: Vec<_> = searched
        .chain(clauses.iter().flatten().cloned())
        .chain(arguments.iter().map(|argument| argument.name.clone()))
        .collect();
    ToolRow {
        place,
        name: name.clone(),
        title: title.clone(),
        description: description.clone(),
        access: access.as_str(),
        records: *records,
        clauses,
        arguments: arguments.clone(),
        unlocked,
        words: searched.join(" ").to_lowercase(),
    }
}

fn data(server: &Server) -> Data {
    let scopes = server.scopes();
    let scope = |id: ScopeId| ScopeData {
        name: name(scopes, id),
        writes: scopes.get(id).access != Access::Read,
        covers: scopes.widen(ScopeSet::of(&[id])).iter().map(|id| id.0).collect(),
    };
    let tool = |tool: &Tool| ToolData {
        name: tool.name.clone(),
        clauses: clauses(&tool.requirement).map(|ids| ids.map(|id| id.0).collect()).collect(),
    };
    Data { scopes: ids(scopes).map(scope).collect(), tools: server.tools.iter().map(tool).collect() }
}

fn clauses(requirement: &Requirement) -> impl Iterator<Item = impl Iterator<Item = ScopeId> + '_> + '_ {
    requirement.clauses().iter().map(|clause| clause.alternatives().iter().copied())
}

fn name(scopes: Scopes<'_>, id: ScopeId) -> String {
    scopes.get(id).name.to_string()
}

impl Catalog {
    /// Leaves only tools that have every word of a search in them.
    pub(crate) fn search(&mut self, search: &str) {
        let search = search.to_lowercase();
        for group in &mut self.groups {
            group.tools.retain(|tool| search.split_whitespace().all(|word| tool.words.contains(word)));
        }
        self.groups.retain(|group| !group.tools.is_empty());
    }
}
