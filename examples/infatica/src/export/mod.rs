//! A run and its results as one file.

use std::borrow::Cow;

use infatica_tools::{ExportFormat, Run};
use minijinja::{context, value::Serde};
use serde::Serialize;
use toolwright::ToolError;

use crate::{markdown, store::runs::items::Collected};

/// The largest file that one answer carries. Every page is far smaller, even when each of its
/// characters has to be escaped, so that the parts of an export always fit.
pub(crate) const MAX_BYTES: i64 = 16 * 1024 * 1024;

/// One item of an export; its fields are the columns of a table, in their order.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: Cow<'a, str>,
    url: Cow<'a, str>,
    status: &'static str,
    http_status: Option<i64>,
    final_url: Option<Cow<'a, str>>,
    media_type: Option<Cow<'a, str>>,
    bytes: Option<i64>,
    error: Option<Cow<'a, str>>,
    content: Option<Cow<'a, str>>,
}

impl<'a> Row<'a> {
    /// A row with each text as `text` makes it.
    fn new(Collected { item, media_type, content }: &'a Collected, text: impl Fn(&'a str) -> Cow<'a, str>) -> Self {
        Self {
            id: text(&item.id),
            url: text(&item.url),
            status: item.status.as_str(),
            http_status: item.http_status,
            final_url: item.final_url.as_deref().map(&text),
            media_type: media_type.as_deref().map(&text),
            bytes: item.bytes,
            error: item.error.as_deref().map(&text),
            content: content.as_deref().map(&text),
        }
    }
}

/// The media type of a format's files.
pub(crate) const fn media_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Json => "application/json",
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Md => "text/markdown; charset=utf-8",
        ExportFormat::Html => "text/html; charset=utf-8",
    }
}

/// The refusal of an export that is larger than [`MAX_BYTES`].
pub(crate) fn too_large(limit: i64) -> ToolError {
    let megabytes = MAX_BYTES / (1024 * 1024);
    ToolError::invalid_argument(
        "limit",
        format!(
            "these items make a file of more than {megabytes} MiB, which is the most that one answer carries; \
             got a limit of {limit}: ask for fewer items, and for the rest with `offset`"
        ),
    )
}

/// The file of a run and some of its items.
pub(crate) fn render(format: ExportFormat, run: &Run, items: &[Collected], limit: i64) -> Result<String, ToolError> {
    let text = |text| if format == ExportFormat::Csv { cell(text) } else { Cow::Borrowed(text) };
    let rows: Vec<Row> = items.iter().map(|item| Row::new(item, text)).collect();
    let file = match format {
        ExportFormat::Json => json(run, &rows)?,
        ExportFormat::Csv => csv(&rows)?,
        ExportFormat::Md => document("run.md", run, &rows)?,
        ExportFormat::Html => document("run.html", run, &rows)?,
    };
    if i64::try_from(file.len()).is_ok_and(|bytes| bytes <= MAX_BYTES) { Ok(file) } else { Err(too_large(limit)) }
}

fn json(run: &Run, items: &[Row]) -> Result<String, ToolError> {
    #[derive(Serialize)]
    struct File<'a> {
        run: &'a Run,
        items: &'a [Row<'a>],
    }
    serde_json::to_string_pretty(&File { run, items }).map_err(ToolError::internal)
}

fn csv(rows: &[Row]) -> Result<String, ToolError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // The writer takes the columns' names from the row's fields.
        writer.serialize(row).map_err(ToolError::internal)?;
    }
    let file = writer.into_inner().map_err(ToolError::internal)?;
    String::from_utf8(file).map_err(ToolError::internal)
}

/// A cell that no spreadsheet takes for a formula: one that could be starts with an apostrophe
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{text}").into() } else { text.into() }
}

/// Markdown or HTML, from the template of that name. In HTML, every value is escaped by the engine;
/// in Markdown, each goes through the filter of the place that it stands in.
fn document(template: &str, run: &Run, items: &[Row]) -> Result<String, ToolError> {
    let mut environment = markdown::environment();
    environment
        .add_template("run.md", include_str!("run.md.j2"))
        .and_then(|()| environment.add_template("run.html", include_str!("run.html.j2")))
        .and_then(|()| {
            environment.get_template(template)?.render(context! { run => Serde(run), items => Serde(items) })
        })
        .map_err(ToolError::internal)
}
