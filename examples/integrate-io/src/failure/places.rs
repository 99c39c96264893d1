//! Where the components of a data flow lead, so that advice can name them.

use serde_json::Value;

/// The components of a data flow.
#[derive(Debug, Default)]
pub(crate) struct Places {
    components: Vec<Component>,
}

#[derive(Debug)]
struct Component {
    name: String,
    table: Option<String>,
    connection_id: Option<i64>,
}

/// What a line of a log is about, as far as it says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) component: Option<&'a str>,
    pub(super) connection_id: Option<i64>,
}

impl Places {
    /// The components of a data flow, which can have any shape: what is no component is left out.
    pub(crate) fn of(data_flow: &Value) -> Self {
        let components = data_flow["components"].as_array().into_iter().flatten().filter_map(|component| {
            Some(Component {
                name: component["name"].as_str()?.to_owned(),
                table: component["table"].as_str().map(str::to_owned),
                connection_id: component["connection_id"].as_i64(),
            })
        });
        Self { components: components.collect() }
    }

    /// The place that a line is about: the component that it calls so, or else one that it names in quotation
    /// marks, or the one with the table that it names. Where all components lead to one connection, any line is about that.
    pub(super) fn of_line(&self, line: &str, table: Option<&str>) -> Place<'_> {
        let called =
            || self.components.iter().find(|component| line.contains(&format!("component `{}`", component.name)));
        let named = || self.components.iter().find(|component| is_quoted(line, &component.name));
        let by_table =
            || self.components.iter().find(|component| table.is_some() && component.table.as_deref() == table);
        let component = called().or_else(named).or_else(by_table);
        Place {
            component: component.map(|component| component.name.as_str()),
            connection_id: component.and_then(|component| component.connection_id).or_else(|| self.only_connection()),
        }
    }

    fn only_connection(&self) -> Option<i64> {
        let mut ids = self.components.iter().filter_map(|component| component.connection_id);
        let first = ids.next()?;
        ids.all(|id| id == first).then_some(first)
    }
}

fn is_quoted(line: &str, name: &str) -> bool {
    ["`", "'", "\""].iter().any(|mark| line.contains(&format!("{mark}{name}{mark}")))
}
