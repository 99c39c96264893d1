//! What `tools/list` shows to a caller.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use rmcp::model::{CacheScope, Tool};

use crate::{
    Identity, ServerSpec,
    gate::{self, Denial},
    spec::{Listing, ToolSpec},
};

/// The declared tools as the protocol shows them, read once.
pub(crate) struct ToolList {
    tools: Vec<(&'static ToolSpec, Tool)>,
}

impl ToolList {
    /// # Errors
    /// When the list is not that of the declared tools.
    pub(crate) fn read(server: &ServerSpec) -> anyhow::Result<Self> {
        let shown: Vec<Tool> = serde_json::from_str(server.tool_list).context("the generated tool list is broken")?;
        let same = shown.iter().map(|tool| &*tool.name).eq(server.tools.iter().map(|tool| tool.name));
        ensure!(same, "the generated tool list names other tools than the generated declarations");
        Ok(Self { tools: server.tools.iter().copied().zip(shown).collect() })
    }

    /// The list for one caller.
    pub(crate) fn of(&self, server: &ServerSpec, identity: &Arc<Identity>) -> Vec<Tool> {
        let shown =
            |(spec, tool): &(&'static ToolSpec, Tool)| match (gate::admit(server, identity, spec), server.listing) {
                (Ok(_), _) | (Err(_), Listing::All) => Some(tool.clone()),
                (Err(_), Listing::Granted) => None,
                (Err(denial), Listing::Gated) => Some(gated(tool.clone(), &denial, server)),
            };
        self.tools.iter().filter_map(shown).collect()
    }

    /// The names that one caller can see.
    pub(crate) fn visible(&self, server: &ServerSpec, identity: &Arc<Identity>) -> impl Iterator<Item = &'static str> {
        self.tools.iter().map(|(spec, _)| *spec).filter_map(move |spec| {
            (server.listing != Listing::Granted || gate::admit(server, identity, spec).is_ok()).then_some(spec.name)
        })
    }
}

/// Whether callers may share a cached list.
pub(crate) fn cache_scope(listing: Listing) -> CacheScope {
    match listing {
        Listing::All => CacheScope::Public,
        Listing::Granted | Listing::Gated => CacheScope::Private,
    }
}

fn gated(mut tool: Tool, denial: &Denial, server: &ServerSpec) -> Tool {
    let note = format!(
        "Not available with this {}: it lacks {}.",
        server.credential.name,
        denial.missing(server).join(" and ")
    );
    let description = tool.description.take().map_or(note.clone(), |said| format!("{said} {note}"));
    tool.description = Some(description.into());
    tool
}
