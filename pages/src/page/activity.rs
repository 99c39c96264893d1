//! What was called and what was refused.

use serde::Serialize;

use super::{
    Pages,
    layout::{Section, Visitor},
};
use crate::time::{Moment, moment};

/// Everything that the page shows.
#[derive(Debug, Clone, Default)]
pub struct Activity<'a> {
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The tokens to choose one of.
    pub tokens: Vec<TokenChoice<'a>>,
    /// The id of the one that is chosen.
    pub chosen: Option<&'a str>,
    /// The days of the chart, in their order, without a gap.
    pub days: Vec<Day<'a>>,
    /// The calls, the newest first.
    pub calls: Vec<Call<'a>>,
    /// For how long calls are kept, in words (`90 days`).
    pub kept: Option<&'a str>,
}

/// A token to choose.
#[derive(Debug, Clone, Copy)]
pub struct TokenChoice<'a> {
    /// Its id.
    pub id: &'a str,
    /// What its maker called it.
    pub name: &'a str,
}

/// What was counted on one day.
#[derive(Debug, Clone, Copy)]
pub struct Day<'a> {
    /// The day in UTC, as `2026-12-31`.
    pub date: &'a str,
    /// How many calls were let through.
    pub calls: u64,
    /// How many were refused.
    pub denials: u64,
}

/// A call, or what was refused.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// When, in seconds since 1970.
    pub at: i64,
    /// The token's name, or what else is known of who called.
    pub token: Option<&'a str>,
    /// What was asked for: a tool, a prompt or a method.
    pub operation: &'a str,
    /// What became of it.
    pub outcome: Outcome<'a>,
    /// How long it took, in milliseconds.
    pub milliseconds: Option<u64>,
    /// How large the answer was, in bytes.
    pub bytes: Option<u64>,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It was done.
    Done,
    /// It was let through, and failed: why, in a word or two.
    Failed(&'a str),
    /// It was refused: why, in a word or two.
    Denied(&'a str),
}

/// The chart's measures, in units of its own.
const BAR: u64 = 8;
const GAP: u64 = 4;
const HEIGHT: u64 = 120;

#[derive(Serialize)]
struct Page<'a> {
    url: String,
    tokens: Vec<Choice<'a>>,
    has_chosen: bool,
    chart: Option<Chart<'a>>,
    calls: Vec<Row<'a>>,
    kept: Option<&'a str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    id: &'a str,
    name: &'a str,
    chosen: bool,
}

#[derive(Serialize)]
struct Chart<'a> {
    width: u64,
    height: u64,
    /// What the highest bar stands for.
    most: u64,
    bars: Vec<Bar<'a>>,
    calls: u64,
    denials: u64,
    first: &'a str,
    last: &'a str,
}

#[derive(Serialize)]
struct Bar<'a> {
    date: &'a str,
    calls: u64,
    denials: u64,
    x: u64,
    width: u64,
    /// Where the part of each begins, and how high it is.
    calls_y: u64,
    calls_height: u64,
    denials_y: u64,
    denials_height: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    at: Moment,
    token: Option<&'a str>,
    operation: &'a str,
    /// `done`, `failed` or `denied`.
    outcome: &'static str,
    why: Option<&'a str>,
    duration: Option<String>,
    size: Option<String>,
}

impl Pages {
    /// The page of what was called.
    pub fn activity(&self, visitor: &Visitor<'_>, activity: &Activity<'_>) -> String {
        let Activity { now, tokens, chosen, days, calls, kept } = activity;
        let choice = |token: &TokenChoice<'_>| Some(token.id) == *chosen;
        let page = Page {
            url: self.url("activity"),
            has_chosen: tokens.iter().any(choice),
            tokens: tokens
                .iter()
                .map(|token| Choice { id: token.id, name: token.name, chosen: choice(token) })
                .collect(),
            chart: chart(days),
            calls: calls.iter().map(|call| row(call, *now)).collect(),
            kept: *kept,
        };
        let layout = self.within(Section::Activity, Some(visitor), None, &[]);
        self.render("activity.html", &layout, &page)
    }
}

fn chart<'a>(days: &'a [Day<'a>]) -> Option<Chart<'a>> {
    let (first, last) = (days.first()?, days.last()?);
    let most = days.iter().map(|day| day.calls + day.denials).max().unwrap_or_default();
    // What happened at all is seen, however much happened on other days.
    let height = |number: u64| if number == 0 { 0 } else { (number * HEIGHT / most).max(2) };
    let bar = |(place, day): (u64, &'a Day<'a>)| {
        let (calls_height, denials_height) = (height(day.calls), height(day.denials));
        let calls_y = HEIGHT.saturating_sub(calls_height);
        Bar {
            date: day.date,
            calls: day.calls,
            denials: day.denials,
            x: place * (BAR + GAP),
            width: BAR,
            calls_y,
            calls_height,
            denials_y: calls_y.saturating_sub(denials_height),
            denials_height,
        }
    };
    let bars: Vec<_> = (0..).zip(days).map(bar).collect();
    Some(Chart {
        width: bars.last().map(|bar| bar.x + BAR).unwrap_or_default(),
        height: HEIGHT,
        most,
        bars,
        calls: days.iter().map(|day| day.calls).sum(),
        denials: days.iter().map(|day| day.denials).sum(),
        first: first.date,
        last: last.date,
    })
}

fn row<'a>(call: &Call<'a>, now: i64) -> Row<'a> {
    let Call { at, token, operation, outcome, milliseconds, bytes } = *call;
    let (outcome, why) = match outcome {
        Outcome::Done => ("done", None),
        Outcome::Failed(why) => ("failed", Some(why)),
        Outcome::Denied(why) => ("denied", Some(why)),
    };
    Row {
        at: moment(at, now),
        token,
        operation,
        outcome,
        why,
        duration: milliseconds.map(time_in_words),
        size: bytes.map(size_in_words),
    }
}

fn time_in_words(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..10_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} s", milliseconds / 1_000),
    }
}

fn size_in_words(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}
