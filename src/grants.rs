//! What a credential allows: the same wherever it is used, or something for each value that calls can be about.

use toolwright_core::ScopeSet;

/// What a credential allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grants {
    /// These scopes, whatever a call is about.
    Whole(ScopeSet),
    /// Scopes for each value of the server's binding, as for each project that a key reaches.
    Bound(BoundGrants),
}

/// The values of a binding that a credential reaches, in the order in which its verifier told them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoundGrants {
    values: Vec<BoundValue>,
    default: Option<usize>,
}

/// One value of a binding, and what a credential allows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundValue {
    /// What the value is known by; two values never share one.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// The scopes that the credential was given for it.
    pub scopes: ScopeSet,
}

impl BoundGrants {
    /// Grants for each of the values. Calls that name none are about the one with the id `default`; an id
    /// that is not among them is no default.
    pub fn new(values: Vec<BoundValue>, default: Option<&str>) -> Self {
        let default = default.and_then(|id| values.iter().position(|value| value.id == id));
        Self { values, default }
    }

    /// The values.
    pub fn values(&self) -> &[BoundValue] {
        &self.values
    }

    /// The value of a call that names none, unless it is the only one.
    pub fn default_value(&self) -> Option<&BoundValue> {
        self.values.get(self.default?)
    }
}

impl Grants {
    /// The scopes for each value.
    pub(crate) fn sets(&self) -> impl Iterator<Item = ScopeSet> {
        let (whole, each) = match self {
            Self::Whole(scopes) => (Some(*scopes), [].as_slice()),
            Self::Bound(bound) => (None, bound.values()),
        };
        whole.into_iter().chain(each.iter().map(|value| value.scopes))
    }
}
