//! What the arguments of several tools mean, and what is said when they do not fit together.

use infatica_tools::RunType;
use jiff::Timestamp;
use toolwright::ToolError;

use crate::{collect::Target, store::runs::transitions::Origin};

/// The longest name that a run is given.
const LONGEST_NAME: usize = 120;

/// Where the items of new runs come from, if the arguments say so and fit together.
pub(crate) fn origin(
    of_type: RunType,
    urls: Option<Vec<String>>,
    source_url: Option<String>,
    max_items: i64,
) -> Result<Origin, ToolError> {
    let (field, why) = match (of_type, urls, source_url) {
        (RunType::Urls, Some(urls), None) => {
            for (at, url) in urls.iter().enumerate() {
                collectable(&format!("urls[{at}]"), url)?;
            }
            return Ok(Origin::Urls(urls));
        }
        (RunType::Feed, None, Some(source_url)) => {
            collectable("source_url", &source_url)?;
            return Ok(Origin::Feed { source_url, max_items });
        }
        (RunType::Urls, None, None) => ("urls", "type `urls` needs 1 to 500 addresses; none came"),
        (RunType::Feed, None, None) => ("source_url", "type `feed` needs the address of a sitemap or feed; none came"),
        (RunType::Urls, _, Some(_)) => {
            ("source_url", "it belongs to type `feed`, and the type is `urls`: leave it out, or set `type` to `feed`")
        }
        (RunType::Feed, Some(_), _) => {
            ("urls", "they belong to type `urls`, and the type is `feed`: leave them out, or set `type` to `urls`")
        }
    };
    Err(ToolError::invalid_argument(field, why))
}

fn collectable(field: &str, url: &str) -> Result<(), ToolError> {
    Target::parse(url).map(drop).map_err(|refused| ToolError::invalid_argument(field, refused))
}

/// What to call new runs: after their first address unless they are given a name.
pub(crate) fn run_name(given: Option<String>, origin: &Origin) -> String {
    given.unwrap_or_else(|| {
        let first = match origin {
            Origin::Urls(urls) => urls.first().map(String::as_str).unwrap_or_default(),
            Origin::Feed { source_url, .. } => source_url,
        };
        first.chars().take(LONGEST_NAME).collect()
    })
}

/// An instant, with any offset from UTC.
pub(crate) fn instant(field: &str, value: Option<String>) -> Result<Option<Timestamp>, ToolError> {
    let Some(value) = value else { return Ok(None) };
    let instant = value.parse().map_err(|_| {
        ToolError::invalid_argument(
            field,
            format!("expected an RFC 3339 time such as 2026-01-31T12:00:00+01:00, got `{value}`"),
        )
    })?;
    Ok(Some(instant))
}
