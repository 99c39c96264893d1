//! What a call is about among what its key reaches, and what the key may do there.

mod api;
mod contract;
mod grants;
mod resolution;

use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision, Server, StdioPipe, Transport, Variables};

use api::{Api, BOTH, Project, READ, WRITE};

const LIBRARY: &str = env!("CARGO_BIN_EXE_library");
const SHELF: &str = env!("CARGO_BIN_EXE_shelf");

/// The variable that says where the API is.
const BASE_URL: &str = "LIBRARY_BASE_URL";

/// What `stdio` reads.
const VARIABLES: Variables = Variables { credential: "LIBRARY_KEY", gateway: "LIBRARY_GATEWAY" };

/// A key may read here.
const MAIN: Project = ("p_main", "Main", READ);
/// And write here.
const DRAFTS: Project = ("p_drafts", "Drafts", WRITE);
/// And do both here.
const ARCHIVE: Project = ("p_archive", "Archive", BOTH);

fn before(api: &Api, binary: &str) -> Server {
    Server::of(binary).env(BASE_URL, api.address()).start()
}

fn client(server: &Server, api: &Api, transport: Transport, key: &str) -> Client {
    let revision = Revision::V2026_07_28;
    match transport {
        Transport::Http => Client::http(server.url(), Some(key), revision),
        Transport::Stdio => {
            let environment = [(BASE_URL, api.address()), (VARIABLES.credential, key)];
            Client::stdio(StdioPipe::alone(LIBRARY, &environment), revision)
        }
        Transport::Gateway => Client::stdio(StdioPipe::through(server, VARIABLES, Some(key)), revision),
    }
}

fn http(server: &Server, key: &str) -> Client {
    Client::http(server.url(), Some(key), Revision::V2025_11_25)
}

/// Arguments that name a project, or none.
fn about(project: Option<&str>) -> Value {
    project.map_or_else(|| json!({}), |project| json!({ "project": project }))
}

/// Which project a list of books came from.
fn project_of(reply: &Reply) -> &Value {
    &reply.structured()["books"][0]["title"]
}
