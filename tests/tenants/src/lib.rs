//! The server that accounts are tested with: a list for each team, in memory.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tenants_tools::*;
use toolwright::{Call, Context, Handlers, ReadStore, ServerSpec, ToolError, WriteStore, mcp_tool};

type Lists = BTreeMap<String, Vec<String>>;

/// The lists, to read.
#[derive(Clone, ReadStore)]
struct ReadLists(Arc<Mutex<Lists>>);

/// The lists, to change.
#[derive(WriteStore)]
struct WriteLists(Arc<Mutex<Lists>>);

fn lock(lists: &Mutex<Lists>) -> MutexGuard<'_, Lists> {
    lists.lock().unwrap_or_else(PoisonError::into_inner)
}

#[mcp_tool]
async fn list_items(store: &ReadLists, call: &Call) -> Result<list_items::Output, ToolError> {
    Ok(list_items::Output { items: lock(&store.0).get(call.team()).cloned().unwrap_or_default() })
}

#[mcp_tool]
async fn add_item(store: &WriteLists, call: &Call, input: add_item::Input) -> Result<add_item::Output, ToolError> {
    let mut lists = lock(&store.0);
    let items = lists.entry(call.team().to_owned()).or_default();
    items.push(input.item);
    Ok(add_item::Output { count: i64::try_from(items.len()).map_err(ToolError::internal)? })
}

#[mcp_tool]
async fn whoami(_: &ReadLists, call: &Call) -> Result<whoami::Output, ToolError> {
    Ok(whoami::Output { user: call.subject().to_owned(), team: call.team().to_owned() })
}

/// Runs the server as one declaration or another has it.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    toolwright::serve(spec, async |context: Context<()>| -> anyhow::Result<Handlers> {
        let mut lists = Lists::new();
        if let Some(team) = &context.first_account {
            lists.insert(team.clone(), vec!["a first item".to_owned()]);
        }
        let lists = Arc::new(Mutex::new(lists));
        Ok(handlers(ReadLists(Arc::clone(&lists)), WriteLists(lists)))
    })
}
