//! Why a run failed, as far as its log tells: what went wrong, what kinds of errors the log shows, and
//! what to do next.
//!
//! A line shows a kind of error when one of the [`forms`] of that kind is found in it; it can show
//! several, as `FATAL: password authentication failed` does. Nothing here asks a database, so that a
//! failure is explained also where the database is the failure.

use std::collections::BTreeMap;

use integrate_io_tools::{ErrorClass, ErrorPattern, Run, RunStatus};

use self::places::Places;
use crate::store::runs::log::Log;

mod forms;
pub(crate) mod places;

/// How many next steps are told. Whoever reads them takes them one by one.
const MAX_STEPS: usize = 6;

/// Why a run failed.
#[derive(Debug, PartialEq)]
pub(crate) struct Explanation {
    pub(crate) primary_error: Option<String>,
    /// The likeliest cause first.
    pub(crate) patterns: Vec<ErrorPattern>,
    /// The most promising first.
    pub(crate) next_steps: Vec<String>,
}

/// Explains a failure. Of a run that did not fail it says so, and looks for no errors: what a retried
/// connection leaves in a log is no failure.
pub(crate) fn explain(run: &Run, log: &Log, places: &Places) -> Explanation {
    let id = run.id;
    let step = match run.status {
        RunStatus::Failed => return Failure { run, log, places }.explained(),
        RunStatus::Pending => format!("The run has not started. Call get_run with run_id {id} to see when it does."),
        RunStatus::Running => format!("The run is at work. Call get_run with run_id {id} until it is over."),
        RunStatus::Completed => "The run is completed: nothing failed.".to_owned(),
        RunStatus::Cancelled => {
            format!("The run did not fail: it was cancelled. Call retry_job with run_id {id} to run its package again.")
        }
    };
    Explanation { primary_error: None, patterns: Vec::new(), next_steps: vec![step] }
}

/// A run that failed, and what is known of it.
struct Failure<'a> {
    run: &'a Run,
    log: &'a Log,
    places: &'a Places,
}

/// A kind of error as the log shows it.
struct Shown<'a> {
    count: i64,
    first_line: i64,
    last_line: i64,
    example: &'a str,
}

impl Failure<'_> {
    fn explained(&self) -> Explanation {
        let shown = self.shown();
        let mut ranked: Vec<(ErrorClass, Shown<'_>)> =
            shown.into_iter().map(|(rank, shown)| (RANKS[rank], shown)).collect();
        let primary_error = self.run.last_error.clone().or_else(|| likeliest(&ranked).map(str::to_owned));

        // What the primary error shows comes first: the rest of the log can be about what did no harm.
        let primary_classes = primary_error.as_deref().map(classes).unwrap_or_default();
        ranked.sort_by_key(|(class, shown)| (!primary_classes.contains(class), rank(*class), -shown.last_line));
        Explanation {
            next_steps: self.next_steps(primary_error.as_deref(), &ranked),
            patterns: ranked.into_iter().map(|(class, shown)| shown.pattern(class)).collect(),
            primary_error,
        }
    }

    /// The kinds of errors that the log shows, by their rank.
    fn shown(&self) -> BTreeMap<usize, Shown<'_>> {
        let mut all: BTreeMap<usize, Shown<'_>> = BTreeMap::new();
        for (number, line) in self.log.lines() {
            for class in classes(line) {
                let new = Shown { count: 0, first_line: number, last_line: number, example: line };
                let shown = all.entry(rank(class)).or_insert(new);
                (shown.count, shown.last_line, shown.example) = (shown.count + 1, number, line);
            }
        }
        all
    }

    /// Steps for the primary error, then for each kind of error, and then those that always help.
    fn next_steps(&self, primary_error: Option<&str>, ranked: &[(ErrorClass, Shown<'_>)]) -> Vec<String> {
        let Run { id, package_id, .. } = self.run;
        // A line of the log that has the primary error can say more: which component it is about.
        let in_log = |error| self.log.lines().map(|(_, line)| line).filter(move |line| line.contains(error)).last();
        let primary = primary_error.map(|error| in_log(error).unwrap_or(error));
        let lines = primary.into_iter().chain(ranked.iter().map(|(_, shown)| shown.example));
        let mut steps: Vec<String> = Vec::new();
        for step in lines.flat_map(|line| forms::steps(line, self.places)) {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        if steps.is_empty() {
            steps.push(format!("Call get_run with run_id {id} and log_tail_lines 200, and read the log from its end."));
            steps.push(format!(
                "Call validate_package with package_id {package_id}: it finds what a package cannot run with."
            ));
        }
        steps.truncate(MAX_STEPS - 1);
        steps.push(format!("When that is mended, call retry_job with run_id {id}."));
        steps
    }
}

impl Shown<'_> {
    fn pattern(self, class: ErrorClass) -> ErrorPattern {
        ErrorPattern { class, count: self.count, first_line: self.first_line, example: self.example.to_owned() }
    }
}

/// The kinds of errors, the likeliest cause first: what says why something failed comes before what
/// says only that it did.
const RANKS: [ErrorClass; 6] = [
    ErrorClass::Auth,
    ErrorClass::Schema,
    ErrorClass::Connection,
    ErrorClass::Fatal,
    ErrorClass::Exception,
    ErrorClass::Error,
];

fn rank(class: ErrorClass) -> usize {
    RANKS.iter().position(|&ranked| ranked == class).unwrap_or(RANKS.len())
}

/// The kinds of errors that a line shows.
fn classes(line: &str) -> Vec<ErrorClass> {
    let mut classes: Vec<ErrorClass> = forms::found(line).map(|form| form.class).collect();
    classes.sort_by_key(|class| rank(*class));
    classes.dedup();
    classes
}

/// The line that says best what went wrong: the last one of the likeliest kind.
fn likeliest<'a>(ranked: &[(ErrorClass, Shown<'a>)]) -> Option<&'a str> {
    ranked.first().map(|(_, shown)| shown.example)
}
