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
        match ids {
            [] => Self::EMPTY,
            [first, rest @ ..] => Self::of(rest).with(*first),
        }
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
        // The longest chain of implications has every scope in it once.
        self.0.iter().fold(held, |wide, _| self.widen_once(wide))
    }

    /// The requirement that is met when each of several is. A clause that another one covers is left
    /// out, so that nobody is asked for more scopes than it takes.
    pub fn union<'r>(self, requirements: impl IntoIterator<Item = &'r Requirement>) -> Requirement {
        let mut union: Vec<Clause> = Vec::new();
        for clause in requirements.into_iter().flat_map(Requirement::clauses) {
            if !union.iter().any(|other| self.covers(other, clause)) {
                union.retain(|other| !self.covers(clause, other));
                union.push(clause.clone());
            }
        }
        Requirement::from_clauses(union)
    }

    /// Whether whoever meets one clause meets the other too.
    fn covers(self, one: &Clause, other: &Clause) -> bool {
        let others = ScopeSet::of(other.alternatives());
        one.alternatives().iter().all(|id| self.widen(ScopeSet::of(&[*id])).intersects(others))
    }

    fn widen_once(self, held: ScopeSet) -> ScopeSet {
        held.iter().fold(held, |wide, id| wide.union(self.get(id).implies))
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

#[cfg(test)]
mod tests {
    use super::*;

    const READ: ScopeId = ScopeId(0);
    const WRITE: ScopeId = ScopeId(1);
    const ADMIN: ScopeId = ScopeId(2);
    const BILLING: ScopeId = ScopeId(3);
    const LAST: ScopeId = ScopeId(63);

    /// `admin` implies `write`, which implies `read`; `billing` stands alone.
    fn declared() -> Vec<Scope> {
        let scope = |name: &'static str, access, implies: &[ScopeId]| Scope {
            name: Cow::Borrowed(name),
            access,
            grants: Cow::Borrowed(""),
            implies: ScopeSet::of(implies),
        };
        vec![
            scope("read", Access::Read, &[]),
            scope("write", Access::Write, &[READ]),
            scope("admin", Access::Write, &[WRITE]),
            scope("billing", Access::Read, &[]),
        ]
    }

    fn requirement(clauses: &[&[ScopeId]]) -> Requirement {
        Requirement::from_clauses(clauses.iter().map(|ids| Clause::from_alternatives(ids.to_vec())).collect())
    }

    #[test]
    fn authorize_is_an_and_of_ors_over_what_the_grants_imply() {
        /// What is required, what is held, what is missing.
        type Case<'a> = (&'a [&'a [ScopeId]], &'a [ScopeId], &'a [ScopeId]);
        let cases: &[Case<'_>] = &[
            (&[], &[], &[]),
            (&[], &[BILLING], &[]),
            (&[&[READ]], &[], &[READ]),
            (&[&[READ]], &[READ], &[]),
            (&[&[READ]], &[BILLING], &[READ]),
            (&[&[READ]], &[WRITE], &[]),
            (&[&[READ]], &[ADMIN], &[]),
            (&[&[WRITE]], &[READ], &[WRITE]),
            (&[&[ADMIN]], &[READ, WRITE, BILLING], &[ADMIN]),
            (&[&[READ], &[BILLING]], &[READ], &[BILLING]),
            (&[&[READ], &[BILLING]], &[BILLING], &[READ]),
            (&[&[READ], &[BILLING]], &[], &[READ, BILLING]),
            (&[&[READ], &[BILLING]], &[ADMIN, BILLING], &[]),
            (&[&[BILLING, ADMIN]], &[WRITE], &[BILLING]),
            (&[&[BILLING, ADMIN]], &[ADMIN], &[]),
            (&[&[ADMIN, BILLING]], &[], &[ADMIN]),
            (&[&[BILLING, READ], &[BILLING, WRITE]], &[], &[BILLING]),
        ];
        let declared = declared();
        for (required, held, missing) in cases {
            let verdict = authorize(Scopes(&declared), &requirement(required), ScopeSet::of(held));
            let expected = if missing.is_empty() { Ok(()) } else { Err(Missing(missing.to_vec())) };
            assert_eq!(verdict, expected, "required {required:?}, held {held:?}");
        }
    }

    #[test]
    fn a_clause_without_alternatives_is_never_met() {
        let declared = declared();
        let all = Scopes(&declared).all();
        assert_eq!(authorize(Scopes(&declared), &requirement(&[&[]]), all), Err(Missing(vec![])));
    }

    #[test]
    fn only_a_requirement_without_clauses_is_for_every_session() {
        assert!(requirement(&[]).is_session());
        assert!(!requirement(&[&[READ]]).is_session());
        assert!(!requirement(&[&[]]).is_session());
        assert!(!Requirement::all_of(const { &[Clause::any_of(&[READ])] }).is_session());
    }

    #[test]
    fn a_union_asks_for_everything_once() {
        type Clauses<'a> = &'a [&'a [ScopeId]];
        let cases: &[(&[Clauses<'_>], Clauses<'_>)] = &[
            (&[], &[]),
            (&[&[], &[]], &[]),
            (&[&[&[READ]], &[]], &[&[READ]]),
            (&[&[&[READ]], &[&[READ]]], &[&[READ]]),
            (&[&[&[READ], &[BILLING]], &[&[WRITE], &[BILLING]]], &[&[BILLING], &[WRITE]]),
            (&[&[&[ADMIN]], &[&[READ]], &[&[WRITE]]], &[&[ADMIN]]),
            (&[&[&[READ, BILLING]], &[&[READ]]], &[&[READ]]),
            (&[&[&[READ]], &[&[BILLING, READ]]], &[&[READ]]),
            (&[&[&[READ, BILLING]], &[&[WRITE]]], &[&[WRITE]]),
            (&[&[&[READ]], &[&[WRITE, BILLING]]], &[&[READ], &[WRITE, BILLING]]),
            (&[&[&[READ, BILLING]], &[&[WRITE, BILLING]]], &[&[WRITE, BILLING]]),
        ];
        let declared = declared();
        for (parts, whole) in cases {
            let parts: Vec<Requirement> = parts.iter().map(|part| requirement(part)).collect();
            let union = Scopes(&declared).union(&parts);
            assert_eq!(union, requirement(whole), "of {parts:?}");
            // Whoever meets the union meets every part, and the reverse.
            for held in 0..16u8 {
                let held: ScopeSet = (0..4).filter(|id| held & (1 << id) != 0).map(ScopeId).collect();
                let meets = |requirement: &Requirement| authorize(Scopes(&declared), requirement, held).is_ok();
                assert_eq!(meets(&union), parts.iter().all(meets), "{held:?} of {parts:?}");
            }
        }
    }

    #[test]
    fn sets_have_the_members_that_they_were_given() {
        let cases: &[&[ScopeId]] = &[&[], &[READ], &[LAST], &[READ, BILLING, LAST], &[WRITE, WRITE]];
        for ids in cases {
            let set = ScopeSet::of(ids);
            for id in (0..64).map(ScopeId) {
                assert_eq!(set.contains(id), ids.contains(&id), "{ids:?} and {id:?}");
                assert_eq!(set.intersects(ScopeSet::of(&[id])), ids.contains(&id), "{ids:?} and {id:?}");
            }
            assert_eq!(set.is_empty(), ids.is_empty());
            assert_eq!(set.iter().collect::<ScopeSet>(), set);
            assert_eq!(set.union(set), set);
            assert!(set.iter().all(|id| ids.contains(&id)));
        }
        assert_eq!(ScopeSet::of(&[READ]).union(ScopeSet::of(&[LAST])), ScopeSet::of(&[READ, LAST]));
        assert_eq!(ScopeSet::of(&[LAST, READ]).iter().collect::<Vec<_>>(), [READ, LAST]);
    }

    #[test]
    fn names_and_ids_are_those_of_the_declaration() {
        let declared = declared();
        let scopes = Scopes(&declared);
        assert_eq!(scopes.find("billing"), Some(BILLING));
        assert_eq!(scopes.find("Billing"), None);
        assert_eq!(scopes.all(), ScopeSet::of(&[READ, WRITE, ADMIN, BILLING]));
        assert_eq!(scopes.names(ScopeSet::of(&[BILLING, READ])).collect::<Vec<_>>(), ["read", "billing"]);
        assert_eq!(scopes.widen(ScopeSet::of(&[ADMIN])), ScopeSet::of(&[READ, WRITE, ADMIN]));
        assert_eq!(scopes.widen(ScopeSet::of(&[BILLING])), ScopeSet::of(&[BILLING]));
        assert_eq!(scopes.get(WRITE).name, "write");
    }
}
