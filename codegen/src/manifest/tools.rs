//! Tools and prompts.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use super::{
    asks::{Ask, PromptAsk},
    fields::Field,
    messages::PromptMessage,
    words::{Entries, Name, Text},
};
use crate::{
    source::Spanned,
    tree::{Node, Tree},
};

/// A tool.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Tool {
    /// Name for people.
    pub title: Text,
    /// What a model is told of it: what it does, when to use it, what it returns.
    pub description: Text,
    /// The group that the documentation lists it in.
    pub group: Name,
    /// What it does to the account.
    pub access: Spanned<ToolAccess>,
    /// What each call of a tool with `access: read` leaves a record of, in a sentence, as `Which package
    /// was checked, when, and by whom.` Its store reads, and appends such records, and can do nothing else.
    pub records: Option<Text>,
    /// Whether a repeated call with the same arguments changes nothing more; `true` for a tool that reads
    /// and records nothing, and `false` for the others when it is left out.
    pub idempotent: Option<Spanned<bool>>,
    /// Whether it reaches systems outside the account.
    #[serde(default)]
    pub open_world: bool,
    /// What each call uses up, as a phrase that goes on after `costs`, as `credits and compute`.
    pub costs: Option<Text>,
    /// The question that a person is asked before each call of a tool that changes something, in one line,
    /// as `Run {{ job }} now?`. Its gaps are arguments of the tool, and conditions can stand in it as in a prompt's
    /// message; a value is shown as code. The tool then takes the argument `confirmation` as well.
    pub confirm: Option<Text>,
    /// What a caller must hold: a scope; a list, all of which are needed; `{any_of: [...]}`, one of
    /// which is; or `session`, for every valid credential.
    pub scope: ScopeRule,
    /// Why a tool that reads asks for a scope that writes, or the reverse. It is printed in the
    /// documentation.
    pub scope_note: Option<Text>,
    /// The arguments. A tool without any leaves it out.
    #[serde(default)]
    pub input: Entries<Field>,
    /// The result: its properties, or the name of a type that is an object. A result like a file
    /// has `format`, `media_type` and `content`. A tool has this or `content`.
    pub output: Option<OutputRule>,
    /// What the tool answers with in the place of a result with properties: blocks of these kinds, for a model or a person
    /// to see. The handler puts them together, and no program can rely on their form.
    #[schemars(length(min = 1))]
    pub content: Option<Spanned<Vec<Spanned<ContentKind>>>>,
    /// Whether it sends log messages while it runs, which a client can show.
    #[serde(default)]
    pub logs: bool,
    /// What it can ask while it runs, by names of its own: a person, with a form; the client's model; or for the folders
    /// that the client works in. A tool that is confirmed asks nothing else.
    #[serde(default)]
    pub asks: Entries<Ask>,
    /// Calls to learn from.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// What a tool does to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToolAccess {
    /// It changes nothing, and leaves no trace but for what it `records`.
    Read,
    /// It creates or changes.
    Write,
    /// It stops, deletes or overwrites what cannot be had back.
    Destructive,
}

/// A kind of content that a tool answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// What a resource holds, with its address.
    Resource,
    /// The address of a resource, which a client can read.
    ResourceLink,
}

/// A call to learn from.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub title: Text,
    /// The arguments; the tool's schema has to accept them.
    #[schemars(schema_with = "super::schema::any_object")]
    pub input: Tree,
}

/// What a caller must hold.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, inline)]
pub enum ScopeRule {
    /// One scope, or `session`.
    One(Name),
    /// All of them.
    All(#[schemars(length(min = 1))] Vec<ScopeClause>),
    /// One of several.
    Any(ScopeAlternatives),
}

/// One of the conditions of a list.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, inline)]
pub enum ScopeClause {
    /// A scope.
    One(Name),
    /// One of several.
    Any(ScopeAlternatives),
}

/// Scopes, one of which is enough.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ScopeAlternatives {
    /// The scopes; a refusal asks for the first.
    #[schemars(length(min = 2))]
    pub any_of: Vec<Name>,
}

impl<'de> Deserialize<'de> for ScopeRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        match &tree.value {
            Node::Map(_) => ScopeAlternatives::deserialize(&tree).map(Self::Any),
            Node::List(_) => Vec::deserialize(&tree).map(Self::All),
            _ => Name::deserialize(&tree).map(Self::One),
        }
        .map_err(Error::custom)
    }
}

impl<'de> Deserialize<'de> for ScopeClause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        match &tree.value {
            Node::Map(_) => ScopeAlternatives::deserialize(&tree).map(Self::Any),
            _ => Name::deserialize(&tree).map(Self::One),
        }
        .map_err(Error::custom)
    }
}

impl ScopeRule {
    /// The conditions, each with its alternatives.
    pub fn clauses(&self) -> Vec<Vec<&Name>> {
        match self {
            Self::One(name) => vec![vec![name]],
            Self::Any(any) => vec![any.any_of.iter().collect()],
            Self::All(clauses) => clauses
                .iter()
                .map(|clause| match clause {
                    ScopeClause::One(name) => vec![name],
                    ScopeClause::Any(any) => any.any_of.iter().collect(),
                })
                .collect(),
        }
    }

    /// Where a scope is named.
    pub fn find(&self, scope: &str) -> Option<&Name> {
        self.clauses().into_iter().flatten().find(|name| name.value == scope)
    }
}

/// The result of a tool.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, inline)]
pub enum OutputRule {
    /// The name of a type that is an object.
    Named(Name),
    /// Its properties.
    Fields(Entries<Field>),
}

impl<'de> Deserialize<'de> for OutputRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        match &tree.value {
            Node::Map(_) => Entries::deserialize(&tree).map(Self::Fields),
            _ => Name::deserialize(&tree).map(Self::Named),
        }
        .map_err(Error::custom)
    }
}

/// A text with gaps that a person starts a conversation with.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Prompt {
    /// Name for people.
    pub title: Option<Text>,
    /// What it is for.
    pub description: Text,
    /// What fills the gaps; each is named by a message.
    #[serde(default)]
    pub arguments: Entries<PromptArgument>,
    /// The tools that the conversation needs, also those that no message names; the prompt needs the
    /// scopes that they need.
    #[serde(default)]
    pub uses: Vec<Name>,
    /// What a person is asked for with a form when it is not among the arguments.
    #[serde(default)]
    pub asks: Entries<PromptAsk>,
    /// The messages, in their order.
    #[schemars(length(min = 1))]
    pub messages: Vec<PromptMessage>,
}

/// What fills a gap of a prompt.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PromptArgument {
    /// What its values are: `string`, or the name of a type that is a choice of words, which clients
    /// then complete; `string` when it is left out.
    #[serde(rename = "type")]
    pub of: Option<Name>,
    /// Whether it must be there. One that need not be is named only where `{% if argument %}` holds.
    #[serde(default)]
    pub required: bool,
    /// What it is.
    pub description: Text,
    /// Where clients find values to suggest for it. A choice of words is suggested without.
    pub complete: Option<Completion>,
}

/// Where clients find values to suggest for an argument of a prompt, or for a variable of a resource's URI: in the result of a
/// tool, which is called for whoever is filling it in. Suggested is what begins with the text that was typed,
/// without regard to case, in the order of the tool, 100 values at most. Another value can be given all the same.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Completion {
    /// The tool: one with `access: read` that records and asks nothing. Of a prompt it is among the `uses`, so that
    /// whoever has the prompt has the suggestions too.
    pub tool: Name,
    /// What the tool is called with; nothing when it is left out.
    #[serde(default)]
    #[schemars(schema_with = "super::schema::any_object")]
    pub input: Option<Tree>,
    /// The argument of the tool that takes what was typed, once something is: a tool that searches then
    /// finds more than the values that it lists first.
    pub typed: Option<Name>,
    /// Where the values stand in the tool's result: the names of properties with dots between them, as
    /// `runs.id`. Lists on the way are gone through. What it leads to is text.
    pub values: Name,
    /// Where the result tells how many there are in all, for a tool that lists some of them at a time: a
    /// path as of `values`, to an integer.
    pub total: Option<Name>,
}
