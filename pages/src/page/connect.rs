//! How a client is connected.

use serde::Serialize;
use toolwright_core::{
    client::{LONGEST_NAME, variable},
    text::capitalized,
};

use super::{
    Pages,
    layout::{Section, Visitor},
};
use crate::{
    forms::Choose,
    snippets::{Bearer, ClientPanel, Curl, Named, curl, is_account, name_fault, panels, url},
};

/// Everything that the page shows.
#[derive(Debug, Clone, Copy)]
pub struct Connect<'a> {
    /// What was chosen.
    pub chosen: &'a Choose,
    /// What the path can name, where it names something: what the visitor is a member of.
    pub accounts: &'a [String],
}

#[derive(Serialize)]
struct Page<'a> {
    credential: &'a str,
    create_at: &'a str,
    /// Whether clients have people sign in, so that there is nothing to create.
    signs_in: bool,
    /// Where the choice is sent.
    url: Option<String>,
    /// Where a credential is created.
    tokens_url: Option<String>,
    name: &'a str,
    name_fault: Option<String>,
    longest_name: usize,
    account: Option<AccountField<'a>>,
    clients: Vec<ClientPanel>,
    curl: Curl,
    endpoint: String,
    /// Where the connection is checked.
    check: Option<String>,
    /// A command that puts a credential into its variable.
    export: String,
}

#[derive(Serialize)]
struct AccountField<'a> {
    name: &'a str,
    /// The name at the beginning of a sentence.
    label: String,
    description: &'a str,
    placeholder: &'a str,
    value: &'a str,
    known: &'a [String],
    fault: Option<&'static str>,
}

impl Pages {
    /// The page that connects a client.
    pub fn connect(&self, visitor: &Visitor<'_>, connect: &Connect<'_>) -> String {
        self.connected(Some(visitor), connect)
    }

    pub(crate) fn connected(&self, visitor: Option<&Visitor<'_>>, connect: &Connect<'_>) -> String {
        let Connect { chosen: Choose { client, name, account }, accounts } = connect;
        let server = &self.server;
        let asked = name.as_deref().unwrap_or(&server.key);
        let fault = name_fault(server, client.as_deref(), asked);
        // A snippet is made only for a name that every client takes.
        let name = if fault.is_none() { asked } else { &server.key };
        let account = account.as_deref().or(accounts.first().map(String::as_str)).filter(|text| !text.is_empty());
        let usable = account.filter(|text| is_account(text));
        let named = Named { name, account: usable };
        let variable = variable(&server.credential.env, &server.key, name);
        let endpoint = url(server, &server.endpoint, usable).into_owned();
        let is_served = visitor.is_some();
        let page = Page {
            credential: &server.credential.name,
            create_at: &server.credential.create_at,
            signs_in: server.credential.signs_in,
            url: is_served.then(|| self.url("connect")),
            tokens_url: is_served.then(|| self.url("tokens")),
            name: asked,
            name_fault: fault,
            longest_name: LONGEST_NAME,
            account: server.account.as_ref().map(|declared| AccountField {
                name: &declared.name,
                label: capitalized(&declared.name),
                description: &declared.description,
                placeholder: &declared.placeholder,
                value: account.unwrap_or_default(),
                known: accounts,
                fault: (account != usable).then_some("Write its id or its subdomain: letters, digits and hyphens."),
            }),
            clients: panels(server, &named, None, client.as_deref()),
            curl: curl(server, &endpoint, Bearer::Variable(&variable), client.as_deref()),
            export: format!("export {variable}={}", server.credential.placeholder),
            endpoint,
            check: is_served.then(|| url(server, &server.path, usable).into_owned()),
        };
        let scripts: &[&str] = if is_served { &["copy.js", "connect.js", "check.js"] } else { &["copy.js"] };
        let layout = self.within(Section::Connect, visitor, None, scripts);
        self.render("connect.html", &layout, &page)
    }
}
