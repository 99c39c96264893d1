//! The functions and types that a fragment may use. A function is here when it reads nothing but its arguments, and makes
//! nothing much larger than they are. PostgreSQL's are named with their schema, so that nobody else's function is meant.

use std::ops::RangeInclusive;

use crate::database::Engine;

/// How a function is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Call,
    /// Without parentheses, as `CURRENT_DATE`.
    Word,
}

/// A function of the list.
#[derive(Debug)]
pub(super) struct Function {
    /// As callers write it, in lower case.
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) arguments: RangeInclusive<usize>,
    /// As the engine reads it.
    pub(super) sql: &'static str,
}

const fn of(name: &'static str, form: Form, least: usize, most: usize, sql: &'static str) -> Function {
    Function { name, form, arguments: least..=most, sql }
}

use Form::{Call, Word};

static SQLITE: &[Function] = &[
    of("abs", Call, 1, 1, "abs"),
    of("coalesce", Call, 2, 50, "coalesce"),
    of("current_date", Word, 0, 0, "CURRENT_DATE"),
    of("current_time", Word, 0, 0, "CURRENT_TIME"),
    of("current_timestamp", Word, 0, 0, "CURRENT_TIMESTAMP"),
    of("date", Call, 1, 8, "date"),
    of("datetime", Call, 1, 8, "datetime"),
    of("ifnull", Call, 2, 2, "ifnull"),
    of("julianday", Call, 1, 8, "julianday"),
    of("length", Call, 1, 1, "length"),
    of("lower", Call, 1, 1, "lower"),
    of("ltrim", Call, 1, 2, "ltrim"),
    of("nullif", Call, 2, 2, "nullif"),
    of("round", Call, 1, 2, "round"),
    of("rtrim", Call, 1, 2, "rtrim"),
    of("strftime", Call, 2, 9, "strftime"),
    of("substr", Call, 2, 3, "substr"),
    of("substring", Call, 2, 3, "substr"),
    of("time", Call, 1, 8, "time"),
    of("trim", Call, 1, 2, "trim"),
    of("typeof", Call, 1, 1, "typeof"),
    of("upper", Call, 1, 1, "upper"),
];

static POSTGRES: &[Function] = &[
    of("abs", Call, 1, 1, "pg_catalog.abs"),
    of("btrim", Call, 1, 2, "pg_catalog.btrim"),
    of("ceil", Call, 1, 1, "pg_catalog.ceil"),
    of("ceiling", Call, 1, 1, "pg_catalog.ceil"),
    of("char_length", Call, 1, 1, "pg_catalog.char_length"),
    of("coalesce", Call, 2, 50, "COALESCE"),
    of("current_date", Word, 0, 0, "CURRENT_DATE"),
    of("current_time", Word, 0, 0, "CURRENT_TIME"),
    of("current_timestamp", Word, 0, 0, "CURRENT_TIMESTAMP"),
    of("date_part", Call, 2, 2, "pg_catalog.date_part"),
    of("date_trunc", Call, 2, 2, "pg_catalog.date_trunc"),
    of("floor", Call, 1, 1, "pg_catalog.floor"),
    of("greatest", Call, 2, 50, "GREATEST"),
    of("least", Call, 2, 50, "LEAST"),
    of("left", Call, 2, 2, "pg_catalog.\"left\""),
    of("length", Call, 1, 1, "pg_catalog.length"),
    of("lower", Call, 1, 1, "pg_catalog.lower"),
    of("ltrim", Call, 1, 2, "pg_catalog.ltrim"),
    of("mod", Call, 2, 2, "pg_catalog.mod"),
    of("now", Call, 0, 0, "pg_catalog.now"),
    of("nullif", Call, 2, 2, "NULLIF"),
    of("right", Call, 2, 2, "pg_catalog.\"right\""),
    of("round", Call, 1, 2, "pg_catalog.round"),
    of("rtrim", Call, 1, 2, "pg_catalog.rtrim"),
    of("starts_with", Call, 2, 2, "pg_catalog.starts_with"),
    of("substr", Call, 2, 3, "pg_catalog.substr"),
    of("substring", Call, 2, 3, "pg_catalog.substr"),
    of("trim", Call, 1, 2, "pg_catalog.btrim"),
    of("trunc", Call, 1, 2, "pg_catalog.trunc"),
    of("upper", Call, 1, 1, "pg_catalog.upper"),
];

/// All functions of an engine.
pub(super) const fn functions(engine: Engine) -> &'static [Function] {
    match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    }
}

/// The function of that name, in any case.
pub(super) fn function(engine: Engine, name: &str) -> Option<&'static Function> {
    functions(engine).iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// The names of all functions, for a message.
pub(super) fn names(engine: Engine) -> String {
    functions(engine).iter().map(|function| function.name).collect::<Vec<_>>().join(", ")
}

/// Whether that is the name, in any case, of a function of many rows at once: a message says so of what it refuses.
pub(super) fn is_aggregate(name: &str) -> bool {
    ["avg", "count", "max", "min", "sum"].iter().any(|aggregate| aggregate.eq_ignore_ascii_case(name))
}

/// The type that a cast may lead to, by its name as the parser writes it.
pub(super) fn cast_type(engine: Engine, name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    match engine {
        Engine::Sqlite => Some(match name.as_str() {
            "INT" | "INTEGER" | "BIGINT" | "SMALLINT" => "INTEGER",
            "REAL" | "DOUBLE" | "DOUBLE PRECISION" | "FLOAT" => "REAL",
            "NUMERIC" | "DECIMAL" => "NUMERIC",
            "TEXT" | "VARCHAR" => "TEXT",
            _ => return None,
        }),
        Engine::Postgres => Some(match name.as_str() {
            "SMALLINT" | "INT2" => "pg_catalog.int2",
            "INT" | "INTEGER" | "INT4" => "pg_catalog.int4",
            "BIGINT" | "INT8" => "pg_catalog.int8",
            "REAL" | "FLOAT4" => "pg_catalog.float4",
            "DOUBLE" | "DOUBLE PRECISION" | "FLOAT" | "FLOAT8" => "pg_catalog.float8",
            "NUMERIC" | "DECIMAL" => "pg_catalog.\"numeric\"",
            "TEXT" | "VARCHAR" | "CHARACTER VARYING" => "pg_catalog.text",
            "BOOL" | "BOOLEAN" => "pg_catalog.bool",
            "DATE" => "pg_catalog.date",
            "TIME" | "TIME WITHOUT TIME ZONE" => "pg_catalog.\"time\"",
            "TIMESTAMP" | "TIMESTAMP WITHOUT TIME ZONE" => "pg_catalog.\"timestamp\"",
            "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ" => "pg_catalog.timestamptz",
            "INTERVAL" => "pg_catalog.\"interval\"",
            "UUID" => "pg_catalog.uuid",
            _ => return None,
        }),
    }
}

/// The types of casts, for a message.
pub(super) const fn cast_types(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "integer, real, numeric, text",
        Engine::Postgres => {
            "smallint, integer, bigint, real, double precision, numeric, text, boolean, date, time, timestamp, timestamptz, \
             interval, uuid"
        }
    }
}
