//! The tree that was checked, and its SQL.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::functions::{Form, Function};
use crate::database::quote::{identifier, text};

/// A value in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    /// Digits, with a point and an exponent if need be; see [`Literal::number`].
    Number(Number),
    Text(String),
    Boolean(bool),
    Null,
}

/// A number as it was written, known to be one that both engines read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number(String);

/// How many digits a number may have. PostgreSQL's computes with thousands, slowly.
const MAX_DIGITS: usize = 60;

impl Literal {
    /// A number from its text: digits, perhaps a sign, a point and an exponent, within what a double can hold.
    pub(crate) fn number(written: &str) -> Option<Self> {
        let digits = written.strip_prefix('-').unwrap_or(written);
        let is_plain = digits.len() <= MAX_DIGITS
            && digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
            && digits.parse::<f64>().is_ok_and(f64::is_finite);
        is_plain.then(|| Self::Number(Number(written.to_owned())))
    }
}

impl TryFrom<&Value> for Literal {
    type Error = String;

    fn try_from(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Bool(value) => Ok(Self::Boolean(*value)),
            Value::Number(number) => Self::number(&number.to_string()).ok_or_else(|| format!("{number} is too large")),
            Value::String(value) if value.contains('\0') => Err("a text cannot hold a null character".to_owned()),
            Value::String(value) => Ok(Self::Text(value.clone())),
            Value::Array(_) | Value::Object(_) => Err("a value is a text, a number, true, false or null".to_owned()),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            // In parentheses, so that two signs are no comment.
            Self::Number(Number(number)) if number.starts_with('-') => write!(formatter, "({number})"),
            Self::Number(Number(number)) => formatter.write_str(number),
            Self::Text(value) => formatter.write_str(&text(value)),
            Self::Boolean(value) => formatter.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Null => formatter.write_str("NULL"),
        }
    }
}

/// Everything that a fragment can be. Words of SQL are `'static`: they come from our lists, not from a caller.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Column(String),
    Literal(Literal),
    /// `AND` or `OR` between all of them.
    Chain(&'static str, Vec<Expression>),
    /// `NOT` or a sign.
    Prefix(&'static str, Box<Expression>),
    Infix(Box<Expression>, &'static str, Box<Expression>),
    /// `IS NULL` and its like.
    Suffix(Box<Expression>, &'static str),
    Between {
        value: Box<Expression>,
        not: &'static str,
        low: Box<Expression>,
        high: Box<Expression>,
    },
    In {
        value: Box<Expression>,
        not: &'static str,
        list: Vec<Expression>,
    },
    Like {
        value: Box<Expression>,
        /// `LIKE`, `NOT ILIKE` and so on.
        operator: &'static str,
        pattern: Literal,
        escape: Option<Literal>,
    },
    Case {
        operand: Option<Box<Expression>>,
        branches: Vec<(Expression, Expression)>,
        otherwise: Option<Box<Expression>>,
    },
    Call {
        function: &'static Function,
        arguments: Vec<Expression>,
    },
    Cast(Box<Expression>, &'static str),
    Extract(&'static str, Box<Expression>),
}

impl Display for Expression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => formatter.write_str(&identifier(name)),
            Self::Literal(literal) => literal.fmt(formatter),
            Self::Chain(operator, operands) => write!(formatter, "({})", List(operands, &format!(" {operator} "))),
            Self::Prefix(operator, operand) => write!(formatter, "({operator} {operand})"),
            Self::Infix(left, operator, right) => write!(formatter, "({left} {operator} {right})"),
            Self::Suffix(operand, operator) => write!(formatter, "({operand} {operator})"),
            Self::Between { value, not, low, high } => write!(formatter, "({value} {not}BETWEEN {low} AND {high})"),
            Self::In { value, not, list } => write!(formatter, "({value} {not}IN ({}))", List(list, ", ")),
            Self::Like { value, operator, pattern, escape } => {
                write!(formatter, "({value} {operator} {pattern}")?;
                if let Some(escape) = escape {
                    write!(formatter, " ESCAPE {escape}")?;
                }
                formatter.write_str(")")
            }
            Self::Case { operand, branches, otherwise } => {
                formatter.write_str("(CASE")?;
                if let Some(operand) = operand {
                    write!(formatter, " {operand}")?;
                }
                for (condition, result) in branches {
                    write!(formatter, " WHEN {condition} THEN {result}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(formatter, " ELSE {otherwise}")?;
                }
                formatter.write_str(" END)")
            }
            Self::Call { function, .. } if function.form == Form::Word => formatter.write_str(function.sql),
            Self::Call { function, arguments } => {
                write!(formatter, "{}({})", function.sql, List(arguments, ", "))
            }
            Self::Cast(value, to) => write!(formatter, "CAST({value} AS {to})"),
            Self::Extract(field, value) => write!(formatter, "EXTRACT({field} FROM {value})"),
        }
    }
}

/// Expressions with something between them.
struct List<'a>(&'a [Expression], &'a str);

impl Display for List<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (index, expression) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(self.1)?;
            }
            expression.fmt(formatter)?;
        }
        Ok(())
    }
}
