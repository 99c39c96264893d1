//! Every check of meaning: from the manifest to the [`Api`], which cannot be wrong any more.
//!
//! One file for each kind of check. A check that finds a fault goes on, so that a run reports all
//! of them; whatever else would only follow from that fault is left out.

mod bounds;
mod clients;
mod constants;
mod declared;
mod fields;
mod obeyed;
mod outputs;
mod recursion;
mod scopes;
mod server;
mod servers;
mod text;
mod tools;
mod types;
mod urls;

use toolwright_freshness::Inputs;

pub(crate) use servers::servers;
pub(crate) use text::text;

use crate::{
    api::{self, Api},
    diagnostic::{Code, Diagnostic},
    load::Declared,
    manifest::Name,
    resolve::declared::Sections,
};

/// A server that was checked by itself, and what it has to share with no other.
pub(crate) struct Resolved {
    /// The server.
    pub(crate) api: Api,
    /// Where its name is written.
    pub(crate) name: Name,
    /// Where the key is written that clients know it by.
    pub(crate) key: Name,
}

/// The faults that were found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Diagnostic>);

impl Faults {
    pub(crate) fn push(&mut self, fault: Diagnostic) {
        self.0.push(fault);
    }

    /// A name that is refused.
    pub(crate) fn refuse(&mut self, name: &Name, refusal: crate::names::Refusal) {
        let title = format!("{} {}", crate::diagnostic::quoted(name), refusal.why);
        self.push(Diagnostic::new(refusal.code, name.at, title).help(refusal.help));
    }
}

/// Checks one server. There is an [`Api`] only when there is no fault.
pub(crate) fn server(declared: &Declared, manifest: String, inputs: Inputs) -> (Option<Resolved>, Vec<Diagnostic>) {
    let mut faults = Faults::default();
    let sections = Sections::merge(declared, &mut faults);
    obeyed::check(declared, &sections, &mut faults);
    let resolved = resolve(declared, &sections, manifest, inputs, &mut faults);
    if faults.0.is_empty() && declared.complete && resolved.is_none() {
        faults.push(Diagnostic::new(
            Code::Internal,
            declared.at,
            "this manifest has no fault that could be named, and yet cannot be used",
        ));
    }
    (resolved.filter(|_| faults.0.is_empty() && declared.complete), faults.0)
}

fn resolve(
    declared: &Declared,
    sections: &Sections<'_>,
    manifest: String,
    inputs: Inputs,
    faults: &mut Faults,
) -> Option<Resolved> {
    let identity = server::identity(declared, faults);
    let credential = server::credential(declared, faults);
    let scopes = scopes::resolve(&sections.scopes, faults);
    let groups = server::groups(&sections.groups, faults);
    let types = types::resolve(&sections.types, faults);
    let tools = tools::resolve(sections, &scopes, &types, faults);
    if sections.complete && declared.complete {
        scopes::check_use(&scopes, &tools, faults);
        server::check_group_use(&sections.groups, &tools, faults);
        types::check_use(&types, &tools, faults);
    }
    outputs::check(&types, &tools, faults);
    constants::check(&types, &tools, faults);
    let clients = clients::resolve(declared, identity.as_ref(), &tools, faults);
    let (server, name, key) = identity?;
    let folder = std::path::Path::new("generated").join(&server.name);
    let api = Api {
        server,
        credential: credential?,
        scopes_without_tools: scopes.without_tools(),
        scopes: scopes.list,
        groups,
        types: types.into_named(),
        tools: tools.into_iter().map(|tool| tool.api).collect::<Vec<api::Tool>>(),
        clients: clients?,
        docs: server::docs(declared),
        inputs,
        folder,
        manifest,
    };
    Some(Resolved { api, name, key })
}
