//! Scopes: their names, what they imply, and who uses them.

use toolwright_core::{Access, Clause, Requirement, Scope, ScopeId, ScopeSet, Scopes};

use super::{Faults, declared::Named, resources::ResolvedResource, tools::ResolvedTool};
use crate::{
    diagnostic::{Code, Diagnostic, listed, quoted, suggestion},
    manifest::{self, Name, ScopeRule, Text, server::ScopeAccess, tools::ToolAccess},
    source::Place,
};

/// The word that stands for any valid credential.
const SESSION: &str = "session";

/// The scopes of a server.
pub(crate) struct ResolvedScopes<'s, 'm> {
    /// The scopes; a scope's id is its place.
    pub(crate) list: Vec<Scope>,
    declared: &'s Named<'m, manifest::Scope>,
}

/// Checks the scopes by themselves.
pub(crate) fn resolve<'s, 'm>(declared: &'s Named<'m, manifest::Scope>, faults: &mut Faults) -> ResolvedScopes<'s, 'm> {
    let mut list = Vec::new();
    for (name, scope) in &declared.entries {
        check_name(name, faults);
        super::server::check_line(&scope.grants, faults);
        faults.check_once(scope.implies.iter().map(|implied| (implied.value.as_str(), implied.at)));
        let implies = scope.implies.iter().filter_map(|implied| find(declared, implied, faults)).collect();
        list.push(Scope {
            name: name.value.clone().into(),
            access: match scope.access.value {
                ScopeAccess::Read => Access::Read,
                ScopeAccess::Write => Access::Write,
            },
            grants: scope.grants.value.clone().into(),
            implies,
        });
    }
    if let Some((name, _)) = declared.entries.get(ScopeSet::CAPACITY) {
        let title = format!("a server can have {} scopes, and this has {}", ScopeSet::CAPACITY, list.len());
        faults.push(
            Diagnostic::new(Code::TooManyScopes, name.at, title).help("merge scopes that are always given together"),
        );
        // A set has no room for more: what follows is checked for those that fit.
        list.truncate(ScopeSet::CAPACITY);
    }
    let scopes = ResolvedScopes { list, declared };
    scopes.check_implications(faults);
    scopes
}

fn check_name(name: &Name, faults: &mut Faults) {
    let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_' || char == '-';
    let part = |part: &str| part.starts_with(|first: char| first.is_ascii_lowercase()) && part.chars().all(plain);
    if !name.split([':', '.']).all(part) {
        let title = format!("{} is not a name that a scope can have", quoted(name));
        let help = "use lowercase words joined by colons, as `runs:read`";
        faults.push(Diagnostic::new(Code::InvalidName, name.at, title).help(help));
    } else if name.value == SESSION {
        let title = format!("{} stands for any valid credential", quoted(name));
        faults.push(Diagnostic::new(Code::ReservedName, name.at, title).help("choose another name"));
    }
}

fn find(declared: &Named<'_, manifest::Scope>, name: &Name, faults: &mut Faults) -> Option<ScopeId> {
    if !declared.declares(name) {
        let diagnostic = Diagnostic::new(Code::UnknownScope, name.at, format!("there is no scope {}", quoted(name)));
        faults.push(match name.value.as_str() {
            SESSION => diagnostic.help("`session` stands alone: every tool needs a valid credential anyway"),
            _ => diagnostic.maybe_help(suggestion(name, declared.names())),
        });
        return None;
    }
    let at = declared.position(name).filter(|at| *at < ScopeSet::CAPACITY)?;
    u8::try_from(at).ok().map(ScopeId)
}

impl ResolvedScopes<'_, '_> {
    /// The scopes of a list, as far as they are declared; each stands in it once.
    pub(crate) fn listed(&self, names: &[Name], faults: &mut Faults) -> ScopeSet {
        faults.check_once(names.iter().map(|name| (name.value.as_str(), name.at)));
        names.iter().filter_map(|name| find(self.declared, name, faults)).collect()
    }

    /// Those that only read, and that a tool asks for.
    pub(crate) fn reading(&self) -> ScopeSet {
        let reads = |(_, _, scope): &(ScopeId, &Name, &manifest::Scope)| {
            scope.access.value == ScopeAccess::Read && scope.tools.is_none()
        };
        self.entries().filter(reads).map(|(id, _, _)| id).collect()
    }

    pub(crate) fn algebra(&self) -> Scopes<'_> {
        Scopes(&self.list)
    }

    fn entries(&self) -> impl Iterator<Item = (ScopeId, &Name, &manifest::Scope)> {
        (0u8..)
            .map(ScopeId)
            .zip(&self.declared.entries)
            .take(self.list.len())
            .map(|(id, (name, scope))| (id, *name, *scope))
    }

    /// Those that say that no tool uses them.
    pub(crate) fn without_tools(&self) -> ScopeSet {
        self.entries().filter(|(_, _, scope)| scope.tools.is_some()).map(|(id, _, _)| id).collect()
    }

    fn check_implications(&self, faults: &mut Faults) {
        let algebra = self.algebra();
        for (id, name, scope) in self.entries() {
            let direct = algebra.get(id).implies;
            if let Some(implied) = scope.implies.iter().find(|_| algebra.widen(direct).contains(id)) {
                let way = if direct.contains(id) { "itself" } else { "itself through others" };
                faults.push(
                    Diagnostic::new(Code::InvalidImplication, implied.at, format!("{} implies {way}", quoted(name)))
                        .and(name.at, "this scope")
                        .help("remove one of the implications"),
                );
                continue;
            }
            if algebra.get(id).access != Access::Read {
                continue;
            }
            for implied in &scope.implies {
                let Some(other) = self.declared.position(implied).and_then(|at| self.list.get(at)) else { continue };
                if other.access == Access::Write {
                    let title = format!("{} reads, and implies {}, which writes", quoted(name), quoted(implied));
                    faults.push(
                        Diagnostic::new(Code::InvalidImplication, implied.at, title)
                            .and(scope.access.at, "reads")
                            .help("remove the implication, or declare `access: write`"),
                    );
                }
            }
        }
    }

    /// What a caller must hold, as far as it is declared.
    pub(crate) fn requirement(&self, rule: &ScopeRule, faults: &mut Faults) -> Requirement {
        if matches!(rule, ScopeRule::One(name) if name.value == SESSION) {
            return Requirement::from_clauses(Vec::new());
        }
        let clauses = rule.clauses();
        faults.check_once(clauses.iter().flatten().map(|name| (name.value.as_str(), name.at)));
        let clauses = clauses.into_iter().map(|alternatives| {
            alternatives.into_iter().filter_map(|name| find(self.declared, name, faults)).collect()
        });
        Requirement::from_clauses(clauses.map(Clause::from_alternatives).collect())
    }

    /// A tool that reads should ask for scopes that read, and one that writes for one that writes;
    /// where it is otherwise, the manifest says why.
    pub(crate) fn check_access(&self, tool: &manifest::Tool, requirement: &Requirement, faults: &mut Faults) {
        let manifest::Tool { access, scope, scope_note, .. } = tool;
        let asks = Asks { what: "tool", at: access.at, scope, note: scope_note.as_ref() };
        self.check_fit(asks, access.value == ToolAccess::Read, requirement, faults);
    }

    /// As of a tool that reads.
    pub(crate) fn check_reading(&self, asks: Asks<'_>, requirement: &Requirement, faults: &mut Faults) {
        self.check_fit(asks, true, requirement, faults);
    }

    fn check_fit(&self, asks: Asks<'_>, reads: bool, requirement: &Requirement, faults: &mut Faults) {
        let Asks { what, at: access_at, scope: rule, note } = asks;
        let access = |id: &ScopeId| self.algebra().get(*id).access;
        let clauses = || requirement.clauses().iter();
        let differs = if requirement.is_session() || clauses().any(|clause| clause.alternatives().is_empty()) {
            None
        } else if reads {
            clauses().flat_map(Clause::alternatives).find(|id| access(id) == Access::Write)
        } else if clauses().any(|clause| clause.alternatives().iter().all(|id| access(id) == Access::Write)) {
            None
        } else {
            clauses().flat_map(Clause::alternatives).find(|id| access(id) == Access::Read)
        };
        match (differs, note) {
            (Some(id), None) => {
                let scope = self.algebra().get(*id);
                let (does, grants) = if reads { ("reads", "writes") } else { ("writes", "only reads") };
                let title = format!("this {what} {does}, and {} is a scope that {grants}", quoted(&scope.name));
                let at = rule.find(&scope.name).map_or(access_at, |name| name.at);
                let mut fault = Diagnostic::new(Code::ScopeAccess, at, title).label(grants).and(access_at, does);
                if let Some((_, declared)) = self.declared.entries.get(usize::from(id.0)) {
                    fault = fault.and(declared.access.at, "declared here");
                }
                faults.push(fault.help(
                    "correct the access or the scope, or say why in `scope_note`, which the documentation prints",
                ));
            }
            (None, Some(note)) if clauses().all(|clause| !clause.alternatives().is_empty()) => faults.push(
                Diagnostic::new(
                    Code::ScopeAccess,
                    note.at,
                    format!("the access of this {what} and of its scope agree"),
                )
                .label("explains nothing")
                .help("remove the note"),
            ),
            _ => {}
        }
    }
}

/// What asks for a scope, for whoever declared it: what it is, what says that it reads or writes, and why its scope does otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Asks<'m> {
    pub(crate) what: &'static str,
    pub(crate) at: Place,
    pub(crate) scope: &'m ScopeRule,
    pub(crate) note: Option<&'m Text>,
}

/// A scope that unlocks nothing must say so, and one that unlocks a tool must not.
pub(crate) fn check_use(
    scopes: &ResolvedScopes<'_, '_>,
    tools: &[ResolvedTool<'_>],
    resources: &[ResolvedResource],
    faults: &mut Faults,
) {
    let is_asked = |id: ScopeId, requirement: &Requirement| {
        let held = scopes.algebra().widen(ScopeSet::of(&[id]));
        requirement.clauses().iter().any(|clause| held.intersects(ScopeSet::of(clause.alternatives())))
    };
    let users = |id: ScopeId| tools.iter().filter(move |tool| is_asked(id, &tool.api.requirement));
    let is_read_with = |id: ScopeId| resources.iter().any(|resource| is_asked(id, &resource.api.requirement));
    for (id, name, scope) in scopes.entries().filter(|(_, name, _)| name.value != SESSION) {
        let mut used_by = users(id).map(|tool| tool.api.name.as_str()).take(3).peekable();
        match (used_by.peek().is_some(), &scope.tools) {
            (false, None) if !is_read_with(id) => {
                let title = format!("no tool uses the scope {}", quoted(name));
                let help = "remove it, or declare `tools: none` for a scope of the web interface";
                faults.push(Diagnostic::new(Code::UnusedScope, name.at, title).help(help));
            }
            (true, Some(none)) => {
                let title = format!(
                    "the scope {} says that it has no tools, and unlocks {}",
                    quoted(name),
                    listed(used_by, "and")
                );
                faults.push(Diagnostic::new(Code::UnusedScope, none.at, title).help("remove `tools: none`"));
            }
            _ => {}
        }
    }
}
