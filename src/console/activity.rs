//! The page of what the visitor's tokens did, and what they were refused: from the audit log.

use axum::response::Response;
use http::{StatusCode, request::Parts};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use toolwright_pages::{Activity as Page, Call, Day, Outcome, TokenChoice, forms::Filter};

use super::{
    Console,
    form::query,
    reply::{self, Failure},
    visitor::Known,
};
use crate::audit::{Entry, Verdict, Wanted};

/// How many days the chart has.
const DAYS: u32 = 30;

/// How many calls are listed.
const CALLS: u32 = 100;

const SECOND: i64 = 1_000_000;

impl Console {
    /// Shows what was called and what was refused.
    pub(super) async fn show_activity(&self, known: &Known, parts: &Parts) -> Result<Response, Failure> {
        let audit = self.server.audit().ok_or_else(|| Failure::absent("This server keeps no audit log."))?;
        let Filter { token } = query(parts);
        let token = token.as_deref().filter(|token| !token.is_empty());
        let (subject, now) = (known.session.subject.as_str(), Timestamp::now());
        let wanted = Wanted { subject: Some(subject), credential: token, ..Wanted::default() };
        let entries = audit.store().recent(&wanted, CALLS).await?;
        let counted = audit.store().per_day(subject, token, DAYS, now.as_microsecond()).await?;
        let today = now.as_second().div_euclid(86_400);
        let days: Vec<_> = (today + 1 - i64::from(DAYS)..=today)
            .map(|day| {
                let found = counted.iter().find(|counted| counted.number == day);
                (date(day), found.map_or((0, 0), |found| (found.calls, found.denied)))
            })
            .collect();
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        let records = self.records(known).await?;
        let kept = format!("{} days", audit.keep_seconds() / 86_400);
        let page = Page {
            now: now.as_second(),
            tokens: records.iter().map(|record| TokenChoice { id: &record.id, name: &record.name }).collect(),
            chosen: token,
            days: days
                .iter()
                .map(|(date, (calls, denials))| Day { date, calls: count(*calls), denials: count(*denials) })
                .collect(),
            calls: entries.iter().map(call).collect(),
            kept: Some(&kept),
        };
        let csrf = known.csrf()?;
        Ok(reply::page(StatusCode::OK, self.pages.activity(&self.seen(known, &csrf), &page)))
    }
}

/// A day in days since 1970, as it is written.
fn date(day: i64) -> String {
    Date::constant(1970, 1, 1).saturating_add(day.days()).to_string()
}

fn call(entry: &Entry) -> Call<'_> {
    let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Call {
        at: entry.at.div_euclid(SECOND),
        token: entry.credential_name.as_deref(),
        operation: entry.operation.as_deref().unwrap_or_else(|| entry.kind.as_str()),
        outcome: match (entry.verdict, entry.outcome.as_str()) {
            (Verdict::Denied, why) => Outcome::Denied(why),
            (Verdict::Allowed, "ok") => Outcome::Done,
            (Verdict::Allowed, why) => Outcome::Failed(why),
        },
        milliseconds: number(entry.duration).map(|microseconds| microseconds / 1_000),
        bytes: number(entry.response_bytes),
    }
}
