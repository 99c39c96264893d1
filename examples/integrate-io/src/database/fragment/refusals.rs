//! What a refused part is called.

use sqlparser::ast::Expr;

/// The words for a kind of expression that is not allowed, or not in the form that it came in. The match has no rest: what a newer
/// parser knows wants a decision.
pub(super) const fn kind(parsed: &Expr) -> &'static str {
    match parsed {
        Expr::InSubquery { .. } | Expr::Exists { .. } | Expr::Subquery(_) => "a subquery",
        Expr::InList { .. } => "an IN without values",
        Expr::InUnnest { .. } => "UNNEST",
        Expr::Like { .. } | Expr::ILike { .. } => "that form of LIKE",
        Expr::SimilarTo { .. } | Expr::RLike { .. } => "a regular expression",
        Expr::AnyOp { .. } | Expr::AllOp { .. } => "ANY or ALL",
        Expr::Cast { .. } | Expr::Convert { .. } => "that form of a cast",
        Expr::TypedString(_) => "a literal with a type",
        Expr::Interval(_) => "an interval",
        Expr::Prefixed { .. } => "a text with a prefix",
        Expr::Value(_) => "that literal",
        Expr::Array(_) => "an array",
        Expr::Dictionary(_) | Expr::Map(_) => "a map",
        Expr::Tuple(_) | Expr::Struct { .. } | Expr::Named { .. } => "a row of several values",
        Expr::CompoundFieldAccess { .. } => "access to an element or a field",
        Expr::JsonAccess { .. } | Expr::IsJson { .. } => "access to JSON",
        Expr::Collate { .. } => "COLLATE",
        Expr::AtTimeZone { .. } => "AT TIME ZONE",
        Expr::Extract { .. } => "EXTRACT",
        Expr::Position { .. } => "POSITION",
        Expr::Overlay { .. } => "OVERLAY",
        Expr::Substring { .. } => "that form of SUBSTRING",
        Expr::Trim { .. } => "that form of TRIM",
        Expr::Ceil { .. } | Expr::Floor { .. } => "that form of rounding",
        Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => "IS UNKNOWN",
        Expr::IsNormalized { .. } => "IS NORMALIZED",
        Expr::MatchAgainst { .. } => "MATCH AGAINST",
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => "`*`",
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => "a grouping",
        Expr::OuterJoin(_) => "an outer join",
        Expr::Prior(_) => "PRIOR",
        Expr::Lambda(_) => "a lambda",
        Expr::MemberOf(_) => "MEMBER OF",
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => "that name",
        Expr::UnaryOp { .. } | Expr::BinaryOp { .. } => "that operator",
        Expr::Function(_) => "that call",
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..) => "that form of IS",
        Expr::Between { .. } => "that form of BETWEEN",
        Expr::Case { .. } => "that form of CASE",
        Expr::Nested(_) => "that parenthesis",
    }
}
