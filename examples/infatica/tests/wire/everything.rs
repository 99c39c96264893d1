//! An account that has something of everything, for tests that look at all tools.

use serde_json::json;
use sqlx::AssertSqlSafe;
use toolwright_tests::Server;

use crate::{account::Account, bulk_runs, site::Site, store};

/// Makes something of everything, and waits until nothing is going on any more. The first of its
/// kind is the one that the examples of the manifest are about.
pub(crate) async fn make(account: &mut Account, site: &Site) {
    let run = account.collect("text", &site.urls(&["/page/1", "/status/404"])).await;
    bulk_runs::collect(account, json!({"engines": ["raw", "text"], "urls": [site.url("/page/1")]})).await;
    account.analyse(&run["run"]["id"], "summary").await;
    let schedule = json!({"urls": site.urls(&["/page/1"]), "preset": "monthly", "status": "paused"});
    account.call("create_schedule", schedule).await;
    account.call("refresh_balance", json!({})).await;
    let other = account.collect("text", &site.urls(&["/page/1", "/page/2"])).await;
    account.compare(json!([run["run"]["id"], other["run"]["id"]]), "differences").await;
}

/// Gives the first of each kind the id that it has in the manifest's examples, as `run_example`.
pub(crate) async fn rename_as_in_the_manifest(server: &Server) {
    let mut database = store::open(server).await;
    let tables = "SELECT tables.name FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
                  WHERE tables.type = 'table' AND columns.name = 'id'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut database).await.expect("tables");
    for table in tables {
        let kind = "substr(id, 1, instr(id, '_'))";
        let rename = format!(
            "UPDATE {table} SET id = {kind} || 'example' WHERE rowid IN (SELECT min(rowid) FROM {table} GROUP BY {kind})"
        );
        sqlx::query(AssertSqlSafe(rename)).execute(&mut database).await.expect("other ids");
    }
}
