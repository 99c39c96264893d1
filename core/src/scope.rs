//! The algebra of scopes, and the one authorization in the program.
//!
//! A server declares up to [`ScopeSet::CAPACITY`] scopes; a [`ScopeId`] is a scope's place in that
//! declaration, and a [`ScopeSet`] has one bit for each. A [`Requirement`] is an AND of ORs:
//! every [`Clause`] asks for one of its alternatives.

use std::borrow::Cow;

use crate::Access;

/// A scope's place in its server's declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u8);

/// A set of one server's scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(u64);

impl ScopeSet {
    /// How many scopes one server can declare.
    pub const CAPACITY: usize = 64;

    /// The set without a scope.
    pub const EMPTY: Self = Self(0);

    /// The set of the listed scopes.
    pub const fn of(ids: &[ScopeId]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < ids.len() {
            set = set.with(ids[at]);
            at += 1;
        }
        set
    }

    /// This set and one more scope.
    #[must_use]
    pub const fn with(self, id: ScopeId) -> Self {
        Self(self.0 | (1 << id.0))
    }

    /// Every scope of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the scope is in the set.
    pub const fn contains(self, id: ScopeId) -> bool {
        self.0 & (1 << id.0) != 0
    }

    /// Whether the two sets share a scope.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no scope is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = ScopeId> {
        (0..64).map(ScopeId).filter(move |id| self.contains(*id))
    }
}

impl FromIterator<ScopeId> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = ScopeId>>(ids: I) -> Self {
        ids.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// One declared scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The name on the wire (`runs:write`).
    pub name: Cow<'static, str>,
    /// What the scope lets its holder do: [`Access::Read`] or [`Access::Write`].
    pub access: Access,
    /// What the scope grants, in a sentence.
    pub grants: Cow<'static, str>,
    /// The scopes that this one implies, as declared: directly, not through others.
    pub implies: ScopeSet,
}

/// Every scope that a server declares, in the order of their declaration.
#[derive(Debug, Clone, Copy)]
pub struct Scopes<'a>(pub &'a [Scope]);

impl<'a> Scopes<'a> {
    /// The scope at an id.
    ///
    /// # Panics
    /// When the id is of another server: ids are made by the generator and by [`Self::find`] only.
    pub fn get(self, id: ScopeId) -> &'a Scope {
        &self.0[usize::from(id.0)]
    }

    /// The id of the scope with this name on the wire.
    pub fn find(self, name: &str) -> Option<ScopeId> {
        (0u8..).map(ScopeId).zip(self.0).find_map(|(id, scope)| (scope.name == name).then_some(id))
    }

    /// Every scope of the server.
    pub fn all(self) -> ScopeSet {
        (0u8..).zip(self.0).map(|(at, _)| ScopeId(at)).collect()
    }

    /// The names of a set's scopes, in the order of their declaration.
    pub fn names(self, set: ScopeSet) -> impl Iterator<Item = &'a str> {
        set.iter().map(move |id| self.get(id).name.as_ref())
    }

    /// A set with everything that its scopes imply, directly or through others.
    ///
    /// Grants are stored as they were given and widened only when they are checked, so that a
    /// changed declaration reaches every credential that exists.
    #[must_use]
    pub fn widen(self, held: ScopeSet) -> ScopeSet {
        let mut wide = held;
        loop {
            let next = wide.iter().fold(wide, |set, id| set.union(self.get(id).implies));
            if next == wide {
                return wide;
            }
            wide = next;
        }
    }
}

/// One condition of a [`Requirement`]: any of its alternatives meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause(Cow<'static, [ScopeId]>);

impl Clause {
    /// A condition that each of the alternatives meets; the first is the one that a refusal asks for.
    pub const fn any_of(alternatives: &'static [ScopeId]) -> Self {
        Self(Cow::Borrowed(alternatives))
    }

    /// The same, of alternatives known only at run time.
    pub fn from_alternatives(alternatives: Vec<ScopeId>) -> Self {
        Self(Cow::Owned(alternatives))
    }

    /// The alternatives, as declared.
    pub fn alternatives(&self) -> &[ScopeId] {
        &self.0
    }
}

/// What a caller must hold: every clause. Without a clause, to be signed in is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement(Cow<'static, [Clause]>);

impl Requirement {
    /// A requirement of all the clauses.
    pub const fn all_of(clauses: &'static [Clause]) -> Self {
        Self(Cow::Borrowed(clauses))
    }

    /// The same, of clauses known only at run time.
    pub fn from_clauses(clauses: Vec<Clause>) -> Self {
        Self(Cow::Owned(clauses))
    }

    /// The clauses, as declared.
    pub fn clauses(&self) -> &[Clause] {
        &self.0
    }

    /// Whether a credential without any scope meets the requirement.
    pub fn is_session(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why [`authorize`] refused: for each clause that is not met, the first of its alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub Vec<ScopeId>);

/// The one authorization in the program: whether what a credential holds meets a requirement.
///
/// # Errors
/// [`Missing`] names the scopes that would have been enough.
pub fn authorize(scopes: Scopes<'_>, requirement: &Requirement, held: ScopeSet) -> Result<(), Missing> {
    let held = scopes.widen(held);
    let mut unmet =
        requirement.clauses().iter().filter(|clause| !held.intersects(ScopeSet::of(clause.alternatives()))).peekable();
    if unmet.peek().is_none() {
        return Ok(());
    }
    let mut missing = Vec::new();
    for id in unmet.filter_map(|clause| clause.alternatives().first().copied()) {
        if !missing.contains(&id) {
            missing.push(id);
        }
    }
    Err(Missing(missing))
}
