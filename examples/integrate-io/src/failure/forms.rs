//! The forms that errors have in logs, and what to do about each.

use std::sync::LazyLock;

use integrate_io_tools::ErrorClass::{self, Auth, Connection, Error, Exception, Fatal, Schema};
use regex::{Captures, Regex, RegexSet};

use super::places::Places;

/// A form of an error.
pub(super) struct Form {
    pub(super) class: ErrorClass,
    /// A regular expression, without regard to case. What it names, the step can.
    expression: &'static str,
    /// What to do. `{table}` is what the form calls so; `{connection}` is where the line's component leads,
    /// and `{component}` that component. Empty where the form says only that something is wrong.
    step: &'static str,
}

const fn form(class: ErrorClass, expression: &'static str, step: &'static str) -> Form {
    Form { class, expression, step }
}

/// Steps that several forms lead to.
const CREDENTIALS: &str = "Call test_connection with {connection}. The system lets nobody in with the connection's credentials. Give the \
                           connection the right ones.";
const PERMISSION: &str = "The user of the connection lacks a permission: have it granted by whoever runs the database, or use another \
                          connection{component}.";
const REACHABLE: &str = "Call test_connection with {connection}, and get_connection to see host and port: the host has to be up, and \
                         a firewall has to let this server through.";
const RESOLVABLE: &str = "Call get_connection with {connection}, and correct the host name: no name server knows it.";
const CERTIFICATE: &str = "The certificate of the host is not trusted: have it renewed or signed by a known authority, and check that \
                           {connection} names the host as its certificate does.";
const FULL: &str =
    "The database has no room for one more connection: retry when others have ended, or run fewer packages at a time.";
const LATER: &str = "It can pass by itself: call retry_job later.";
const DATA: &str = "The data does not fit the destination{component}: find the rows with preview_data on the source, and filter or \
                    convert them before they are written.";
const TYPES: &str = "A value has another type than its column{component}: compare the columns of both tables with preview_data ({connection}), and \
                     convert the value in a select component.";
const SPLIT: &str =
    "The run needs more memory than there is: filter earlier in the data flow, or retry on a larger cluster.";

/// The table. Of the forms of a class, the first that is found in a line gives the step; so the more exact
/// ones come first.
const FORMS: &[Form] = &[
    // SQLite.
    form(
        Schema,
        r"no such table: (?:\w+\.)?(?<table>\w+)",
        "Table `{table}` does not exist: see with discover_schema ({connection}) which tables there are, and correct the \
         name{component} with update_package_components, or create the table.",
    ),
    form(
        Schema,
        r"no such column: (?:\w+\.)?(?<column>\w+)",
        "Column `{column}` does not exist: see with preview_data ({connection}) which columns the table has, and correct the \
         expression{component} with update_package_components.",
    ),
    form(
        Schema,
        r"table (?<table>\w+) has no column named (?<column>\w+)",
        "Table `{table}` has no column `{column}`: add it to the table, or leave it out{component} with a select component.",
    ),
    form(
        Schema,
        r"table (?<table>\w+) has \d+ columns but \d+ values were supplied",
        "Table `{table}` has another number of columns than the data: choose the columns{component} with a select component.",
    ),
    form(Schema, r"datatype mismatch|cannot store \w+ value in \w+ column", TYPES),
    form(
        Schema,
        r"no such function: (?<function>\w+)",
        "The database has no function `{function}`: call validate_package, whose faults list the functions that there are.",
    ),
    form(Error, r"(?:UNIQUE|PRIMARY KEY|NOT NULL|CHECK|FOREIGN KEY) constraint failed", DATA),
    form(Auth, r"attempt to write a readonly database", PERMISSION),
    form(
        Connection,
        r"unable to open database file|the file does not exist|file is not a (?:SQLite )?database|database disk image is malformed",
        "The database file of the connection is missing or damaged: call get_connection with {connection} to see which it \
         is, and put it back.",
    ),
    form(
        Error,
        r"database (?:table )?is locked",
        "Something else writes to the database. It can pass by itself: call retry_job later.",
    ),
    // PostgreSQL.
    form(
        Schema,
        r#"column "?(?<column>\w+)"? of relation "(?<table>\w+)" does not exist"#,
        "Table `{table}` has no column `{column}`: add it to the table, or leave it out{component} with a select component.",
    ),
    form(
        Schema,
        r#"relation "(?:\w+\.)?(?<table>\w+)" does not exist|no table `(?<missing>\w+)`"#,
        "The table does not exist: see with discover_schema ({connection}) which tables there are, and correct the \
         name{component} with update_package_components, or create the table.",
    ),
    form(
        Schema,
        r#"column "?(?:\w+\.)?(?<column>\w+)"? does not exist"#,
        "Column `{column}` does not exist: see with preview_data ({connection}) which columns the table has, and correct the \
         expression{component} with update_package_components.",
    ),
    form(
        Schema,
        r#"schema "(?<schema>\w+)" does not exist"#,
        "Schema `{schema}` does not exist: see with discover_schema ({connection}) which schemas there are, and correct \
         it{component} with update_package_components.",
    ),
    form(
        Schema,
        r"function (?<function>\w+)\(.*\) does not exist",
        "The database has no function `{function}` for values of these types: convert them{component} first.",
    ),
    form(
        Schema,
        r"operator does not exist|is of type .+ but expression is of type|invalid input syntax for|value too long for type|out of range for type|cannot be cast",
        TYPES,
    ),
    form(
        Auth,
        r#"password authentication failed for user "(?<user>[^"]+)""#,
        "Call test_connection with {connection}. The database refuses the password of user `{user}`. Give the \
         connection the right one.",
    ),
    form(
        Auth,
        r#"no pg_hba\.conf entry for host "(?<host>[^"]+)""#,
        "The database's pg_hba.conf does not let `{host}` in: have an entry for it added there.",
    ),
    form(
        Auth,
        r#"role "(?<user>[^"]+)" does not exist"#,
        "The database has no user `{user}`: have it created, or give {connection} another one.",
    ),
    form(
        Auth,
        r"permission denied for (?:table|relation|view|schema|sequence|database) (?<object>\w+)",
        "The user of the connection may not use `{object}`: have the permission granted by whoever runs the database.",
    ),
    form(Auth, r"must be owner of|connection has no credentials that may write|permission denied", PERMISSION),
    form(
        Connection,
        r#"database "[^"]+" does not exist|the server has no such database"#,
        "The server has no such database: call get_connection with {connection} to see which one it names, and correct it.",
    ),
    form(
        Connection,
        r"too many clients already|remaining connection slots|too many connections|no room for one more connection",
        FULL,
    ),
    form(Connection, r"server closed the connection|terminating connection|the connection broke", LATER),
    form(
        Error,
        r"statement timeout|took longer than|did not answer within",
        "It took too long: filter earlier in the data flow, have an index made for what it filters by, or retry at a quieter \
         time.",
    ),
    form(Error, r"deadlock detected|could not serialize access", LATER),
    form(
        Error,
        r"duplicate key value|violates (?:unique|foreign key|check|not-null) constraint|null value in column",
        DATA,
    ),
    // The server's own words.
    form(
        Schema,
        r"`(?:[^`.]+\.)?(?<table>[^`]+)` has no column `",
        "Table `{table}` lacks columns of the rows that go to it{component}: leave them out or rename them with a select \
         component before it, or add them to the table.",
    ),
    form(
        Schema,
        r"no column `(?<column>[^`]+)`; there are",
        "Column `{column}` does not exist, and the error has those that do: correct the expression{component} with \
         update_package_components.",
    ),
    form(
        Connection,
        r"connection not found, or not a database connection",
        "The account has no such database connection: see with list_connections which there are, and correct the \
         connection_id{component} with update_package_components.",
    ),
    form(
        Error,
        r"the server stopped while it ran",
        "Nothing tells whether the run wrote its data before the server stopped: look at the destination with preview_data \
         before you retry, if it is one that rows are appended to.",
    ),
    // TLS.
    form(
        Connection,
        r"certificate (?:has |is )?expired|CertificateExpired",
        "The certificate of the host has expired: have it renewed.",
    ),
    form(
        Connection,
        r"self[- ]signed certificate|unable to get local issuer|UnknownIssuer|PKIX path|invalid peer certificate|certificate verify failed|hostname mismatch|NotValidForName|does not match (?:the )?certificate|No subject alternative",
        CERTIFICATE,
    ),
    form(
        Connection,
        r"SSLHandshakeException|handshake[_ ]failure|wrong version number|does not support (?:SSL|TLS)|encrypted connection failed",
        "The encrypted connection failed: see that the port of {connection} speaks TLS, in a version of today.",
    ),
    // DNS.
    form(
        Connection,
        r"could not translate host name|UnknownHostException|name or service not known|nodename nor servname|ENOTFOUND|NXDOMAIN|failed to lookup address|no such host|name resolution",
        RESOLVABLE,
    ),
    // TCP.
    form(
        Connection,
        r"connection (?:to .+ )?refused|ECONNREFUSED|nothing listens on that port",
        "Nothing listens on the host's port: see that the system is up, and compare host and port with get_connection \
         ({connection}).",
    ),
    form(
        Connection,
        r"timed out|timeout (?:expired|exceeded|reached)|ETIMEDOUT|SocketTimeoutException|no route to host|network is unreachable|EHOSTUNREACH|cannot be reached|could not connect|communications link failure",
        REACHABLE,
    ),
    form(Connection, r"connection reset|ECONNRESET|broken pipe|unexpected end of file|EOFException", LATER),
    // HTTP and cloud storage.
    form(Auth, r"AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken", CREDENTIALS),
    form(Auth, r"\b(?:HTTP(?:/[\d.]+)?|status(?: code)?:?) 40[137]\b|\b401 Unauthorized|\b403 Forbidden", CREDENTIALS),
    form(
        Connection,
        r"NoSuchBucket|NoSuchKey|\b(?:HTTP(?:/[\d.]+)?|status(?: code)?:?) 404\b|\b404 Not Found",
        "There is nothing at that place: compare the bucket and the path with get_connection ({connection}).",
    ),
    form(
        Connection,
        r"\b(?:HTTP(?:/[\d.]+)?|status(?: code)?:?) 429\b|too many requests|SlowDown|rate limit",
        "The system asks for fewer requests: retry later, and run fewer packages at a time.",
    ),
    form(
        Connection,
        r"\b(?:HTTP(?:/[\d.]+)?|status(?: code)?:?) 5\d\d\b|\b50[234] (?:Bad|Service|Gateway)|service unavailable",
        LATER,
    ),
    // Whatever lets nobody in.
    form(
        Auth,
        r"authentication fail(?:ed|ure)|access denied|login failed|invalid (?:credentials|password|username)|not authori[sz]ed|unauthori[sz]ed|incorrect password",
        CREDENTIALS,
    ),
    // The JVM's words, and those of other programs.
    form(Fatal, r"OutOfMemoryError|GC overhead limit|cannot allocate memory|out of memory|OOMKilled", SPLIT),
    form(
        Fatal,
        r"no space left on device|database or disk is full|disk full",
        "A disk is full: have room made on the machine that says so.",
    ),
    form(Fatal, r"(?-i:\b(?:FATAL|PANIC|CRITICAL)\b)", ""),
    form(
        Exception,
        r"ClassCastException|NumberFormatException|DateTimeParseException|IllegalArgumentException",
        "A value cannot be converted: find it with preview_data on the source, and convert it{component} where it is null or \
         malformed.",
    ),
    form(
        Exception,
        r"NullPointerException",
        "A value is missing that a step needs: find the rows where it is null with preview_data on the source, and filter them.",
    ),
    form(
        Exception,
        r"ClassNotFoundException|NoClassDefFoundError|NoSuchMethodError",
        "A part of the program is missing: tell whoever runs the cluster.",
    ),
    form(
        Exception,
        r"\bException in thread\b|\bCaused by: |\b[\w.$]+Exception(?::|\s|$)|\bTraceback \(most recent call last\)|\bpanicked at\b|\bunhandled exception\b",
        "",
    ),
    form(Error, r"(?-i:\b(?:ERROR|SEVERE)\b)|\berror: |\bfailed(?: with |: )", ""),
];

/// The table, compiled.
struct Compiled {
    any: RegexSet,
    each: Vec<Regex>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let forms = || FORMS.iter().map(|form| format!("(?i){}", form.expression));
    Compiled {
        any: RegexSet::new(forms()).expect("the forms are regular expressions"),
        each: forms().map(|form| Regex::new(&form).expect("the forms are regular expressions")).collect(),
    }
});

/// The forms that a line has, in the order of the table.
pub(super) fn found(line: &str) -> impl Iterator<Item = &'static Form> {
    COMPILED.any.matches(line).into_iter().map(|index| &FORMS[index])
}

/// What to do about a line: a step for each kind of error that it shows.
pub(super) fn steps(line: &str, places: &Places) -> Vec<String> {
    let mut classes = Vec::new();
    let mut steps = Vec::new();
    for index in COMPILED.any.matches(line) {
        let Form { class, step, .. } = FORMS[index];
        if step.is_empty() || classes.contains(&class) {
            continue;
        }
        if let Some(captures) = COMPILED.each[index].captures(line) {
            classes.push(class);
            steps.push(filled(step, line, &captures, &COMPILED.each[index], places));
        }
    }
    steps
}

/// A step with what it names.
fn filled(step: &str, line: &str, captures: &Captures<'_>, form: &Regex, places: &Places) -> String {
    let table = captures.name("table").or_else(|| captures.name("missing")).map(|table| table.as_str());
    let place = places.of_line(line, table);
    let connection = place.connection_id.map_or("the connection's id".to_owned(), |id| format!("connection_id {id}"));
    let component = place.component.map(|name| format!(" in component `{name}`")).unwrap_or_default();
    let step = step.replace("{connection}", &connection).replace("{component}", &component);
    form.capture_names().flatten().fold(step, |step, name| {
        step.replace(&format!("{{{name}}}"), captures.name(name).map_or("", |found| found.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_names_its_form_always_finds() {
        for (Form { expression, step, .. }, compiled) in FORMS.iter().zip(&COMPILED.each) {
            let names = step.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
            for name in names.filter(|name| !["connection", "component"].contains(name)) {
                assert!(
                    compiled.capture_names().flatten().any(|group| group == name),
                    "`{expression}` finds no {name}"
                );
                assert!(!has_alternatives(expression), "an alternative of `{expression}` can leave {name} out");
            }
        }
    }

    /// Whether a regular expression is a choice as a whole, and not only within a group.
    fn has_alternatives(expression: &str) -> bool {
        let mut depth = 0;
        expression.chars().any(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == '|' && depth == 0
        })
    }
}
