//! Holds each part of what the parser read against what is allowed.

use std::collections::BTreeSet;

use sqlparser::{
    ast::{
        BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, ExtractSyntax, Ident,
        Interval, Spanned, TrimWhereField, UnaryOperator, Value,
    },
    tokenizer::Span,
};

use super::{Columns, FragmentError, Literal, Variables, expression::Expression, functions, position, refusals};
use crate::database::Engine;

/// How deep an expression may be. Chains of `AND` and of `OR` count as one.
const MAX_DEPTH: usize = 48;
/// How long the pattern of a `LIKE` may be. Each of its characters can be tried at each place of a long text.
const MAX_PATTERN: usize = 200;

/// Reads one parsed expression.
pub(super) struct Checker<'a> {
    pub(super) text: &'a str,
    columns: &'a Columns,
    /// Without them every `$name` is refused.
    variables: Option<&'a Variables>,
    pub(super) engine: Engine,
    depth: usize,
    /// Which columns were read.
    pub(super) found: BTreeSet<String>,
}

type Checked = Result<Expression, FragmentError>;

impl<'a> Checker<'a> {
    pub(super) fn new(text: &'a str, columns: &'a Columns, variables: Option<&'a Variables>, engine: Engine) -> Self {
        Self { text, columns, variables, engine, depth: 0, found: BTreeSet::new() }
    }

    pub(super) fn expression(&mut self, parsed: &Expr) -> Checked {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FragmentError::new("the expression is nested too deeply", None));
        }
        let checked = self.allowed(parsed)?;
        self.depth -= 1;
        Ok(checked)
    }

    pub(super) fn boxed(&mut self, parsed: &Expr) -> Result<Box<Expression>, FragmentError> {
        self.expression(parsed).map(Box::new)
    }

    pub(super) fn list(&mut self, parsed: &[Expr]) -> Result<Vec<Expression>, FragmentError> {
        parsed.iter().map(|expression| self.expression(expression)).collect()
    }

    fn allowed(&mut self, parsed: &Expr) -> Checked {
        match parsed {
            Expr::Nested(inner) => self.expression(inner),
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [table, column] if self.columns.is_table(table) => self.column(column),
                _ => self.refuse(parsed, "a name with a table that is not this one"),
            },
            Expr::Value(value) => self.literal(&value.value, value.span).map(Expression::Literal),
            Expr::UnaryOp { op, expr } => self.prefix(parsed, *op, expr),
            Expr::BinaryOp { left, op, right } => self.infix(parsed, left, op, right),
            Expr::IsNull(value) => self.suffix(value, "IS NULL"),
            Expr::IsNotNull(value) => self.suffix(value, "IS NOT NULL"),
            Expr::IsTrue(value) => self.suffix(value, "IS TRUE"),
            Expr::IsNotTrue(value) => self.suffix(value, "IS NOT TRUE"),
            Expr::IsFalse(value) => self.suffix(value, "IS FALSE"),
            Expr::IsNotFalse(value) => self.suffix(value, "IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => self.between(left, "IS DISTINCT FROM", right),
            Expr::IsNotDistinctFrom(left, right) => self.between(left, "IS NOT DISTINCT FROM", right),
            Expr::InList { expr, list, negated } if !list.is_empty() => {
                let (value, list) = (self.boxed(expr)?, self.list(list)?);
                Ok(Expression::In { value, not: not(*negated), list })
            }
            Expr::Between { expr, negated, low, high } => {
                let (value, low, high) = (self.boxed(expr)?, self.boxed(low)?, self.boxed(high)?);
                Ok(Expression::Between { value, not: not(*negated), low, high })
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let operator = if *negated { "NOT LIKE" } else { "LIKE" };
                self.like(operator, expr, pattern, escape_char.as_deref())
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } if self.engine == Engine::Postgres => {
                let operator = if *negated { "NOT ILIKE" } else { "ILIKE" };
                self.like(operator, expr, pattern, escape_char.as_deref())
            }
            Expr::Case { operand, conditions, else_result, case_token: _, end_token: _ } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, format: None } => {
                let to = self.cast_type(parsed, data_type)?;
                Ok(Expression::Cast(self.boxed(expr)?, to))
            }
            Expr::TypedString(typed) if self.engine == Engine::Postgres && !typed.uses_odbc_syntax => {
                let to = self.cast_type(parsed, &typed.data_type)?;
                let literal = self.literal(&typed.value.value, typed.value.span)?;
                Ok(Expression::Cast(Box::new(Expression::Literal(literal)), to))
            }
            Expr::Interval(interval) if self.engine == Engine::Postgres => self.interval(parsed, interval),
            Expr::Extract { field, syntax: ExtractSyntax::From, expr } if self.engine == Engine::Postgres => {
                match extract_field(field) {
                    Some(field) => Ok(Expression::Extract(field, self.boxed(expr)?)),
                    None => self.refuse(parsed, "an EXTRACT of that field"),
                }
            }
            Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.named(parsed, "ceil", &[expr])
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.named(parsed, "floor", &[expr])
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, special: _, shorthand: _ } => {
                let arguments: Vec<&Expr> =
                    [Some(expr), Some(from), substring_for.as_ref()].into_iter().flatten().map(|it| &**it).collect();
                self.named(parsed, "substr", &arguments)
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let listed = trim_characters.iter().flatten();
                let arguments: Vec<&Expr> = [&**expr].into_iter().chain(trim_what.as_deref()).chain(listed).collect();
                self.named(parsed, name, &arguments)
            }
            Expr::Function(function) => self.function(parsed, function),
            // What is not listed above is refused, whatever it is.
            _ => self.refuse(parsed, refusals::kind(parsed)),
        }
    }

    /// A refusal that names what was found, and where.
    pub(super) fn refuse<T>(&self, parsed: &Expr, what: &str) -> Result<T, FragmentError> {
        self.fault(parsed.span(), format!("{what} is not allowed in this expression"))
    }

    pub(super) fn fault<T>(&self, span: Span, message: impl Into<String>) -> Result<T, FragmentError> {
        let at = (span.start.line > 0).then(|| position(self.text, span.start));
        Err(FragmentError::new(message, at))
    }

    fn column(&mut self, name: &Ident) -> Checked {
        let Some(column) = self.columns.find(name) else {
            let columns = self.columns.names().join(", ");
            return self.fault(name.span, format!("no column `{}`; there are: {columns}", name.value));
        };
        self.found.insert(column.to_owned());
        Ok(Expression::Column(column.to_owned()))
    }

    fn literal(&self, value: &Value, span: Span) -> Result<Literal, FragmentError> {
        match value {
            Value::Number(number, false) => match Literal::number(number) {
                Some(literal) => Ok(literal),
                None => self.fault(span, format!("the number {number} is too long or not decimal")),
            },
            Value::SingleQuotedString(text) => Ok(Literal::Text(text.clone())),
            Value::Boolean(value) => Ok(Literal::Boolean(*value)),
            Value::Null => Ok(Literal::Null),
            Value::Placeholder(name) => self.variable(name, span),
            _ => self.fault(span, "that form of a literal is not allowed: write '…', a number, TRUE, FALSE or NULL"),
        }
    }

    fn variable(&self, written: &str, span: Span) -> Result<Literal, FragmentError> {
        let Some(variables) = self.variables else {
            return self.fault(span, format!("the placeholder `{written}` is not allowed: write its value"));
        };
        match written.strip_prefix('$').and_then(|name| variables.get(name)) {
            Some(literal) => Ok(literal.clone()),
            None => self.fault(span, format!("the variable `{written}` is not declared")),
        }
    }

    fn prefix(&mut self, parsed: &Expr, operator: UnaryOperator, operand: &Expr) -> Checked {
        let operator = match operator {
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            UnaryOperator::Not => "NOT",
            other => return self.refuse(parsed, &format!("the operator `{other}`")),
        };
        Ok(Expression::Prefix(operator, self.boxed(operand)?))
    }

    fn infix(&mut self, parsed: &Expr, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Checked {
        let operator = match operator {
            BinaryOperator::And => return self.chain("AND", operator, left, right),
            BinaryOperator::Or => return self.chain("OR", operator, left, right),
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Modulo => "%",
            BinaryOperator::StringConcat => "||",
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::Lt => "<",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Gt => ">",
            BinaryOperator::GtEq => ">=",
            other => return self.refuse(parsed, &format!("the operator `{other}`")),
        };
        self.between(left, operator, right)
    }

    fn between(&mut self, left: &Expr, operator: &'static str, right: &Expr) -> Checked {
        Ok(Expression::Infix(self.boxed(left)?, operator, self.boxed(right)?))
    }

    fn suffix(&mut self, value: &Expr, operator: &'static str) -> Checked {
        Ok(Expression::Suffix(self.boxed(value)?, operator))
    }

    /// `a AND b AND c` comes as a tree that is as deep as it is long, and leaves flat.
    fn chain(&mut self, word: &'static str, operator: &BinaryOperator, left: &Expr, right: &Expr) -> Checked {
        let (mut first, mut operands) = (left, vec![right]);
        while let Expr::BinaryOp { left, op, right } = first
            && op == operator
        {
            operands.push(right);
            first = left;
        }
        operands.push(first);
        let operands = operands.into_iter().rev().map(|operand| self.expression(operand)).collect::<Result<_, _>>()?;
        Ok(Expression::Chain(word, operands))
    }

    fn like(&mut self, operator: &'static str, value: &Expr, pattern: &Expr, escape: Option<&Expr>) -> Checked {
        let value = self.boxed(value)?;
        let of_text = |this: &mut Self, parsed: &Expr| match this.expression(parsed)? {
            Expression::Literal(Literal::Text(text)) if text.chars().count() <= MAX_PATTERN => Ok(Literal::Text(text)),
            _ => this.fault(parsed.span(), format!("a pattern is a text of up to {MAX_PATTERN} characters, in quotes")),
        };
        let pattern = of_text(self, pattern)?;
        let escape = escape.map(|escape| of_text(self, escape)).transpose()?;
        Ok(Expression::Like { value, operator, pattern, escape })
    }

    fn case(&mut self, operand: Option<&Expr>, branches: &[CaseWhen], otherwise: Option<&Expr>) -> Checked {
        let operand = operand.map(|operand| self.boxed(operand)).transpose()?;
        let branch = |branch: &CaseWhen| Ok((self.expression(&branch.condition)?, self.expression(&branch.result)?));
        let branches = branches.iter().map(branch).collect::<Result<_, FragmentError>>()?;
        let otherwise = otherwise.map(|otherwise| self.boxed(otherwise)).transpose()?;
        Ok(Expression::Case { operand, branches, otherwise })
    }

    fn cast_type(&self, parsed: &Expr, data_type: &DataType) -> Result<&'static str, FragmentError> {
        let name = data_type.to_string();
        functions::cast_type(self.engine, &name).map_or_else(
            || {
                let allowed = functions::cast_types(self.engine);
                self.fault(parsed.span(), format!("the type `{name}` is not allowed; these are: {allowed}"))
            },
            Ok,
        )
    }

    fn interval(&mut self, parsed: &Expr, interval: &Interval) -> Checked {
        let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } = interval;
        let is_plain = leading_field.is_none()
            && leading_precision.is_none()
            && last_field.is_none()
            && fractional_seconds_precision.is_none();
        match self.expression(value)? {
            text @ Expression::Literal(Literal::Text(_)) if is_plain => {
                Ok(Expression::Cast(Box::new(text), "pg_catalog.\"interval\""))
            }
            _ => self.refuse(parsed, "an interval in another form than INTERVAL '1 day'"),
        }
    }
}

const fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

const fn extract_field(field: &DateTimeField) -> Option<&'static str> {
    Some(match field {
        DateTimeField::Year => "YEAR",
        DateTimeField::Quarter => "QUARTER",
        DateTimeField::Month => "MONTH",
        DateTimeField::Week(None) => "WEEK",
        DateTimeField::Day => "DAY",
        DateTimeField::Dow => "DOW",
        DateTimeField::Isodow => "ISODOW",
        DateTimeField::Doy => "DOY",
        DateTimeField::Isoyear => "ISOYEAR",
        DateTimeField::Hour => "HOUR",
        DateTimeField::Minute => "MINUTE",
        DateTimeField::Second => "SECOND",
        DateTimeField::Epoch => "EPOCH",
        _ => return None,
    })
}
