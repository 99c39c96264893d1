//! The metrics of a server: the runtime registers what stands here, and the documentation lists it.

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, without what the format adds to it ([`Metric::sample`]).
    pub name: &'static str,
    /// What its numbers mean.
    pub kind: Kind,
    /// The names of its labels; [`LABELS`] says what their values are.
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
    /// Which servers have it.
    pub only: Only,
}

/// What the numbers of a metric mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// How often something happened since the start.
    Counter,
    /// How much there is of something now.
    Gauge,
    /// How long something took.
    Histogram,
}

impl Kind {
    /// Its name in the format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Which servers have a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// All of them.
    Every,
    /// Those that remember for a while whose a credential is.
    Remembering,
    /// Those that keep an audit log.
    Audited,
}

impl Metric {
    /// Its name as it is collected: counters end in `_total`. A histogram has `_bucket`, `_sum` and `_count` in place of a value.
    pub fn sample(&self) -> String {
        let ending = match self.kind {
            Kind::Counter => "_total",
            Kind::Gauge | Kind::Histogram => "",
        };
        format!("{}{ending}", self.name)
    }
}

/// In the place of a name that is not declared: a caller can make up any number of them.
pub const OTHER: &str = "_other";

/// In the place of a method that was not read, since the request was refused before.
pub const UNREAD: &str = "_unread";

/// What the values of a label are.
pub const LABELS: [(&str, &str); 9] = [
    ("tool", "Name of a declared tool; `_other` for a name that no tool has."),
    (
        "era",
        "How the request speaks the protocol: `legacy` after a handshake, `modern` with its revision in itself (2026-07-28 and later).",
    ),
    ("transport", "`http` or `stdio`."),
    ("outcome", "`ok`, a code of the table of errors, `caller_gone`, or `answered` where no result is told apart."),
    (
        "method",
        "A method of the protocol; `settings` for pages, `password_grant` for tokens for passwords; `_other` for one that the server does not know, `_unread` where the request was refused before it was read.",
    ),
    ("reason", "A code of the table of errors."),
    ("part", "`process`, or something that the server needs, such as `database`."),
    ("result", "`hit` where it was remembered, `miss` where it had to be asked for."),
    ("name", "Name of the server; with it come its version and that of the runtime."),
];

/// The bounds of the buckets of [`CALL_DURATION`], in seconds: from an answer out of memory to the longest that most calls may take.
pub const DURATIONS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// How calls ended.
pub const CALLS: Metric = Metric {
    name: "toolwright_calls",
    kind: Kind::Counter,
    labels: &["tool", "era", "transport", "outcome"],
    help: "Calls of tools",
    only: Only::Every,
};

/// How long calls took.
pub const CALL_DURATION: Metric = Metric {
    name: "toolwright_call_duration_seconds",
    kind: Kind::Histogram,
    labels: &["tool", "era"],
    help: "How long calls of tools took until they were answered, without those that were refused",
    only: Only::Every,
};

/// How requests of every kind ended.
pub const REQUESTS: Metric = Metric {
    name: "toolwright_requests",
    kind: Kind::Counter,
    labels: &["method", "transport", "outcome"],
    help: "Requests, calls of tools among them",
    only: Only::Every,
};

/// What is being answered.
pub const IN_FLIGHT: Metric = Metric {
    name: "toolwright_requests_in_flight",
    kind: Kind::Gauge,
    labels: &[],
    help: "Requests that are being answered",
    only: Only::Every,
};

/// What callers were not allowed.
pub const DENIALS: Metric = Metric {
    name: "toolwright_denials",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Requests that were refused for who sent them, for what their credential allows, or for how many there were",
    only: Only::Every,
};

/// What went wrong at the server.
pub const ERRORS: Metric = Metric {
    name: "toolwright_errors",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Requests that the server failed, or something that it needs, or that took too long",
    only: Only::Every,
};

/// Who is connected.
pub const CONNECTIONS: Metric = Metric {
    name: "toolwright_connections",
    kind: Kind::Gauge,
    labels: &[],
    help: "Open connections",
    only: Only::Every,
};

/// How many connections there can be.
pub const CONNECTIONS_LIMIT: Metric = Metric {
    name: "toolwright_connections_limit",
    kind: Kind::Gauge,
    labels: &[],
    help: "How many connections can be open; more wait",
    only: Only::Every,
};

/// Who has connected.
pub const CONNECTIONS_ACCEPTED: Metric = Metric {
    name: "toolwright_connections_accepted",
    kind: Kind::Counter,
    labels: &[],
    help: "Connections that were accepted",
    only: Only::Every,
};

/// Who could not connect.
pub const CONNECTIONS_FAILED: Metric = Metric {
    name: "toolwright_connections_failed",
    kind: Kind::Counter,
    labels: &[],
    help: "Connections that could not be accepted, as where too many files are open",
    only: Only::Every,
};

/// Whether verification is as fast as it can be.
pub const CACHE_LOOKUPS: Metric = Metric {
    name: "toolwright_credential_cache_lookups",
    kind: Kind::Counter,
    labels: &["result"],
    help: "How often it was remembered whose a credential is",
    only: Only::Remembering,
};

/// What the audit log lacks.
pub const AUDIT_DROPPED: Metric = Metric {
    name: "toolwright_audit_dropped",
    kind: Kind::Counter,
    labels: &[],
    help: "Entries that the audit log lacks, since the database was too slow for them or refused them",
    only: Only::Audited,
};

/// What `/readyz` says.
pub const READY: Metric = Metric {
    name: "toolwright_ready",
    kind: Kind::Gauge,
    labels: &["part"],
    help: "1 while a part is as it has to be, 0 while it is not",
    only: Only::Every,
};

/// What runs.
pub const BUILD: Metric = Metric {
    // Not of the type `info`, which readers of the older format do not know.
    name: "toolwright_build_info",
    kind: Kind::Gauge,
    labels: &["name", "version", "runtime"],
    help: "Which server this is; always 1",
    only: Only::Every,
};

/// Since when it runs.
pub const START_TIME: Metric = Metric {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    labels: &[],
    help: "When the process began to serve, in seconds since 1970",
    only: Only::Every,
};

/// All of them, in the order of the documentation.
pub const METRICS: [&Metric; 15] = [
    &CALLS,
    &CALL_DURATION,
    &REQUESTS,
    &IN_FLIGHT,
    &DENIALS,
    &ERRORS,
    &CONNECTIONS,
    &CONNECTIONS_LIMIT,
    &CONNECTIONS_ACCEPTED,
    &CONNECTIONS_FAILED,
    &CACHE_LOOKUPS,
    &AUDIT_DROPPED,
    &READY,
    &BUILD,
    &START_TIME,
];
