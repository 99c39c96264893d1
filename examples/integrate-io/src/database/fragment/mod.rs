//! The one way of a caller's text into a statement.
//!
//! A fragment is one expression over the columns of one table. It is read by a SQL parser, each part is held against a list of
//! what is allowed, and what the list knows becomes a tree of our own. Only that tree is ever written as SQL, with every name
//! quoted and every function named in full. So it does not matter whether the parser and the database read a text alike: the
//! database never sees the text.

mod calls;
mod check;
mod columns;
mod expression;
mod functions;
mod refusals;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use check::Checker;
pub(crate) use columns::Columns;
use expression::Expression;
pub(crate) use expression::Literal;
use sqlparser::{
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    parser::{Parser, ParserError},
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use super::Engine;

/// How long a fragment may be. Together with the depth it bounds what a reading of it can cost.
const MAX_BYTES: usize = 4_000;
/// How many words, signs and spaces a fragment may have.
const MAX_TOKENS: usize = 1_000;
/// How deep the parser follows parentheses and the like.
const MAX_DEPTH: usize = 32;
/// What would end the expression or hide a part of it. It is refused in texts, too: nobody has to see where a text ends.
const MARKERS: [(&str, &str); 4] = [
    (";", "a semicolon"),
    ("--", "the comment marker `--`"),
    ("/*", "the comment marker `/*`"),
    ("*/", "the comment marker `*/`"),
];

/// Values by the names that `$name` and `${name}` stand for. Each becomes a literal of the tree, never text.
pub(crate) type Variables = BTreeMap<String, Literal>;

/// An expression that was found harmless.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    expression: Expression,
    columns: BTreeSet<String>,
}

/// Why a text is no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FragmentError {
    /// What was found, and what to write in its place.
    pub(crate) message: String,
    /// The character at which it was found, counted from 1.
    pub(crate) at: Option<u64>,
}

impl fmt::Display for FragmentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(formatter, "at character {at}: {}", self.message),
            None => self.message.fmt(formatter),
        }
    }
}

impl std::error::Error for FragmentError {}

impl FragmentError {
    fn new(message: impl Into<String>, at: Option<u64>) -> Self {
        Self { message: message.into(), at }
    }
}

impl Fragment {
    /// Reads a text as one expression over these columns, and over the variables where there can be any.
    ///
    /// # Errors
    /// When it is no expression, or has a part that is not allowed. The message names the part.
    pub(crate) fn parse(
        text: &str,
        columns: &Columns,
        variables: Option<&Variables>,
        engine: Engine,
    ) -> Result<Self, FragmentError> {
        refuse_markers(text)?;
        let dialect: &dyn Dialect = match engine {
            Engine::Sqlite => &SQLiteDialect {},
            Engine::Postgres => &PostgreSqlDialect {},
        };
        let tokens = Tokenizer::new(dialect, text)
            .tokenize_with_location()
            .map_err(|error| FragmentError::new(error.message, Some(position(text, error.location))))?;
        // A chain of operators is a tree as deep as it is long, which whoever frees it walks down.
        if tokens.len() > MAX_TOKENS {
            return Err(FragmentError::new(format!("the expression has more than {MAX_TOKENS} words and signs"), None));
        }
        let mut parser = Parser::new(dialect)
            .with_recursion_limit(MAX_DEPTH)
            .with_tokens_with_locations(join_braced_variables(tokens));
        let parsed = parser.parse_expr().map_err(|error| unparsed(&error))?;
        let rest = parser.peek_token();
        if rest.token != Token::EOF {
            let at = Some(position(text, rest.span.start));
            return Err(FragmentError::new(
                format!("the expression ends before `{}`: write one expression", rest.token),
                at,
            ));
        }
        let mut checker = Checker::new(text, columns, variables, engine);
        let expression = checker.expression(&parsed)?;
        Ok(Self { expression, columns: checker.found })
    }

    /// The columns that it reads, as the catalogue spells them.
    pub(crate) fn columns(&self) -> &BTreeSet<String> {
        &self.columns
    }

    /// The expression for the engine that it was read for, in parentheses where it needs them.
    pub(crate) fn to_sql(&self) -> String {
        self.expression.to_string()
    }
}

fn refuse_markers(text: &str) -> Result<(), FragmentError> {
    if text.trim().is_empty() {
        return Err(FragmentError::new("the expression is empty", None));
    }
    if text.len() > MAX_BYTES {
        return Err(FragmentError::new(format!("the expression has more than {MAX_BYTES} bytes"), None));
    }
    let markers = MARKERS.into_iter().chain([("\0", "a null character")]);
    let first = markers.filter_map(|(marker, name)| text.find(marker).map(|at| (at, name))).min();
    first.map_or(Ok(()), |(at, name)| {
        let at = text[..at].chars().count() as u64 + 1;
        Err(FragmentError::new(
            format!("{name} is not allowed anywhere, in texts neither: write one expression"),
            Some(at),
        ))
    })
}

/// `${name}` comes as four tokens, and leaves as the one that `$name` is.
fn join_braced_variables(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut joined: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let name = match joined.as_slice() {
            [.., dollar, brace, name]
                if token.token == Token::RBrace
                    && brace.token == Token::LBrace
                    && dollar.token == Token::Placeholder("$".to_owned()) =>
            {
                match &name.token {
                    Token::Word(word) if word.quote_style.is_none() => Some(word.value.clone()),
                    _ => None,
                }
            }
            _ => None,
        };
        match name {
            Some(name) => {
                joined.truncate(joined.len() - 2);
                if let Some(dollar) = joined.last_mut() {
                    dollar.token = Token::Placeholder(format!("${name}"));
                }
            }
            None => joined.push(token),
        }
    }
    joined
}

fn unparsed(error: &ParserError) -> FragmentError {
    match error {
        ParserError::RecursionLimitExceeded => FragmentError::new("the expression is nested too deeply", None),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
            FragmentError::new(format!("this is no expression: {message}"), None)
        }
    }
}

/// A place in characters from the text's begin; the parser counts lines.
fn position(text: &str, location: sqlparser::tokenizer::Location) -> u64 {
    let lines = usize::try_from(location.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let before: usize = text.split_inclusive('\n').take(lines).map(|line| line.chars().count()).sum();
    before as u64 + location.column
}
