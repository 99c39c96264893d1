//! Datasets from recorded traffic.

use std::collections::HashSet;

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{QueryBuilder, Row as _, Sqlite, sqlite::SqliteRow};
use tokio_stream::StreamExt as _;

use super::{Dataset, Item, MAX_ITEMS, insert};
use crate::{
    access::Writing,
    error::ApiError,
    extract::Body,
    id, messages,
    store::Change,
    traces::{Outcome, Window, push_agent},
};

/// How many items a dataset has where the caller does not say.
const DEFAULT_ITEMS: i64 = 1_000;

/// Since when inferences are taken where the caller does not say.
const DEFAULT_SINCE: &str = "7d";

/// A dataset to be made, and of which inferences.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDataset {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) status: Option<Outcome>,
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
    /// The attribute that has the answer which was expected.
    pub(crate) expected_from: Option<String>,
    pub(crate) max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Created {
    pub(crate) dataset: Dataset,
    /// How many inferences matched and gave no item.
    pub(crate) passed_over: usize,
}

pub(super) async fn create(writing: Writing, Body(new): Body<NewDataset>) -> Result<Json<Created>, ApiError> {
    let mut change = writing.change().await?;
    let created = collect(&mut change, &id::new("ds"), new).await?;
    change.commit().await?;
    Ok(Json(created))
}

/// Makes a dataset in the project of a change, of what has been recorded there.
pub(crate) async fn collect(change: &mut Change, id: &str, new: NewDataset) -> Result<Created, ApiError> {
    let most = new.max_items.unwrap_or(DEFAULT_ITEMS);
    if !(1..=MAX_ITEMS).contains(&most) {
        return Err(ApiError::invalid("max_items", format!("write a number from 1 to {MAX_ITEMS}")));
    }
    let mut collected = Collected::default();
    let mut query = matching(&change.project, &new)?;
    let mut rows = query.build().fetch(&mut *change.transaction);
    while let Some(row) = rows.next().await {
        collected.add(&row?, new.expected_from.as_deref())?;
        if i64::try_from(collected.items.len()).is_ok_and(|items| items >= most) {
            break;
        }
    }
    drop(rows);
    let Collected { items, passed_over, .. } = collected;
    if items.is_empty() {
        return Err(ApiError::WrongState(format!(
            "no inference gives an item: {passed_over} match the filters, and none of them has all that is needed \
             recorded; widen the filters"
        )));
    }
    let dataset = insert(change, id, &new.name, new.description, &items).await?;
    Ok(Created { dataset, passed_over })
}

/// The inferences that the filters match, newest first.
fn matching(project: &str, new: &NewDataset) -> Result<QueryBuilder<Sqlite>, ApiError> {
    let window = Window::of(Some(new.since.as_deref().unwrap_or(DEFAULT_SINCE)), new.until.as_deref())?;
    let status = new.status.unwrap_or(Outcome::Ok);
    let mut query = QueryBuilder::new(
        "SELECT spans.trace_id, spans.span_id, span_details.attributes
         FROM spans JOIN span_details ON span_details.span = spans.id WHERE spans.kind = 'inference' AND spans.project = ",
    );
    query.push_bind(project.to_owned()).push(" AND spans.status = ").push_bind(status.as_str());
    window.push(&mut query, "spans");
    if let Some(model) = &new.model {
        query.push(" AND spans.model = ").push_bind(model.clone());
    }
    if let Some(agent) = &new.agent {
        push_agent(&mut query, project, agent);
    }
    query.push(" ORDER BY spans.started_at DESC, spans.id DESC");
    Ok(query)
}

/// What inferences have given.
#[derive(Default)]
struct Collected {
    items: Vec<Item>,
    asked: HashSet<String>,
    passed_over: usize,
}

impl Collected {
    /// Adds an inference, if all is recorded and nobody has asked the same later.
    fn add(&mut self, row: &SqliteRow, expected_from: Option<&str>) -> Result<(), ApiError> {
        let (trace, span): (String, String) = (row.try_get("trace_id")?, row.try_get("span_id")?);
        let attributes: Map<String, Value> = serde_json::from_str(row.try_get("attributes")?)?;
        let Some((input, output, expected)) = recorded(&attributes, expected_from) else {
            self.passed_over += 1;
            return Ok(());
        };
        if self.asked.insert(input.clone()) {
            let index = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
            self.items.push(Item { index, input, output, expected, inference_id: format!("{trace}-{span}") });
        } else {
            self.passed_over += 1;
        }
        Ok(())
    }
}

/// What was asked and answered, and what was expected where an attribute is to tell that.
fn recorded(attributes: &Map<String, Value>, expected_from: Option<&str>) -> Option<(String, String, Option<String>)> {
    let input = messages::question(attributes.get("gen_ai.input.messages")?)?;
    let output = messages::answer(attributes.get("gen_ai.output.messages")?)?;
    let expected = match expected_from {
        None => None,
        Some(name) => Some(text_of(attributes.get(name)?)?),
    };
    Some((input, output, expected))
}

/// An attribute's value as an answer.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
