//! Access tokens of an OAuth issuer, tested from the outside: a real server between a client and an issuer, over the
//! real wire. The issuer answers from the test's own process, also while a test waits for its server: so each has
//! more than one thread.

mod challenges;
mod discovery;
mod introspection;
mod issuer;
mod keys;
mod promises;
mod tokens;

use toolwright_tests::{Client, Revision, Server, ServerBuilder, StdioPipe, Transport, Variables};

use issuer::Issuer;

const ARCHIVE: &str = env!("CARGO_BIN_EXE_archive");
const HASTY_ARCHIVE: &str = env!("CARGO_BIN_EXE_archive-hasty");
const VAULT: &str = env!("CARGO_BIN_EXE_vault");
const HASTY_VAULT: &str = env!("CARGO_BIN_EXE_vault-hasty");

/// What `stdio` of the archive reads.
const VARIABLES: Variables = Variables { credential: "ARCHIVE_TOKEN", gateway: "ARCHIVE_GATEWAY" };

/// Every scope of the archive.
const ALL: &str = "docs:read docs:write docs:publish";

/// An archive whose clients sign in at this issuer.
fn archive(issuer: &Issuer, binary: &str) -> ServerBuilder {
    Server::of(binary).env("ARCHIVE_ISSUER", issuer.address())
}

/// A vault that asks this issuer.
fn vault(issuer: &Issuer, binary: &str) -> ServerBuilder {
    Server::of(binary)
        .env("VAULT_ISSUER", issuer.address())
        .env("VAULT_CLIENT_ID", "vault server")
        .env("VAULT_CLIENT_SECRET", "s3cret/of:the+vault")
}

/// A client of the archive over any transport. Over stdio, a process that serves by itself asks the issuer too.
fn client(issuer: &Issuer, server: &Server, transport: Transport, revision: Revision, token: &str) -> Client {
    match transport {
        Transport::Http => Client::http(server.url(), Some(token), revision),
        Transport::Stdio => {
            let environment = [("ARCHIVE_ISSUER", issuer.address()), (VARIABLES.credential, token)];
            Client::stdio(StdioPipe::alone(ARCHIVE, &environment), revision)
        }
        Transport::Gateway => Client::stdio(StdioPipe::through(server, VARIABLES, Some(token)), revision),
    }
}

fn http(server: &Server, token: &str) -> Client {
    Client::http(server.url(), Some(token), Revision::V2025_11_25)
}
