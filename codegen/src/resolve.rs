//! Every check of meaning: from the manifest to the [`Api`], which cannot be wrong any more.
//!
//! One file for each kind of check. A check that finds a fault goes on, so that a run reports all
//! of them; whatever else would only follow from that fault is left out.

mod asks;
mod bindings;
mod bounds;
mod cases;
mod clients;
mod completions;
mod confirmation;
mod constants;
mod declared;
mod docs;
mod environment;
mod fields;
mod form_schemas;
mod forms;
mod grants;
mod messages;
mod oauth;
mod outputs;
mod prompts;
mod recursion;
mod resources;
mod scopes;
mod secrets;
mod server;
mod servers;
mod templates;
mod text;
mod tools;
mod types;
mod upstream;
mod urls;

use std::collections::HashMap;

use toolwright_freshness::Inputs;

pub(crate) use servers::servers;
pub(crate) use text::text;

use crate::{
    api::{self, Api},
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::Name,
    resolve::{
        declared::Sections, prompts::ResolvedPrompt, resources::ResolvedResource, scopes::ResolvedScopes,
        tools::ResolvedTool, types::ResolvedTypes,
    },
    source::{Place, Sources},
};

/// What became of a server.
pub(crate) struct Outcome {
    /// The server; there is one only when there is no fault.
    pub(crate) api: Option<Api>,
    /// What it is called, which no other server can be; where that could be read.
    pub(crate) called: Option<Called>,
    /// What is wrong with it.
    pub(crate) faults: Vec<Diagnostic>,
}

/// What a server is called.
pub(crate) struct Called {
    pub(crate) name: Name,
    /// What clients know it by.
    pub(crate) key: Name,
}

/// The faults that were found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Diagnostic>);

impl Faults {
    pub(crate) fn push(&mut self, fault: Diagnostic) {
        self.0.push(fault);
    }

    /// Whether there is a fault of one kind.
    fn has(&self, code: Code) -> bool {
        self.0.iter().any(|fault| fault.code() == code)
    }

    /// A name that stands twice where it can stand once.
    pub(crate) fn check_once<'n>(&mut self, names: impl IntoIterator<Item = (&'n str, Place)>) {
        let mut seen: HashMap<&str, Place> = HashMap::new();
        for (name, at) in names {
            if let Some(first) = seen.insert(name, at) {
                self.push(
                    Diagnostic::new(Code::DuplicateDeclaration, at, format!("{} stands here twice", quoted(name)))
                        .label("again")
                        .and(first, "first here")
                        .help("remove one of the two"),
                );
            }
        }
    }

    /// A name that is refused.
    pub(crate) fn refuse(&mut self, name: &Name, refusal: crate::names::Refusal) {
        let title = format!("{} {}", quoted(name), refusal.why);
        self.push(Diagnostic::new(refusal.code, name.at, title).help(refusal.help));
    }
}

/// Checks one server.
pub(crate) fn server(sources: &Sources, declared: &Declared, manifest: String, inputs: Option<Inputs>) -> Outcome {
    let mut faults = Faults::default();
    let sections = Sections::merge(declared, &mut faults);
    let called = server::called(declared);
    let can_be_made = inputs.is_some();
    let api = resolve(sources, declared, &sections, manifest, inputs, called.as_ref(), &mut faults);
    if faults.0.is_empty() && declared.complete && can_be_made && api.is_none() {
        faults.push(Diagnostic::new(
            Code::Internal,
            declared.at,
            "this manifest has no fault that could be named, and yet cannot be used",
        ));
    }
    Outcome { api: api.filter(|_| faults.0.is_empty() && declared.complete), called, faults: faults.0 }
}

/// What is declared is used. A name that is not known may be a misspelled one that would use it.
fn check_use(
    sections: &Sections<'_>,
    scopes: &ResolvedScopes<'_, '_>,
    types: &ResolvedTypes<'_>,
    tools: &[ResolvedTool<'_>],
    prompts: &[ResolvedPrompt],
    resources: &[ResolvedResource],
    faults: &mut Faults,
) {
    if !faults.has(Code::UnknownScope) {
        scopes::check_use(scopes, tools, resources, faults);
    }
    if !faults.has(Code::UnknownGroup) {
        server::check_group_use(&sections.groups, tools, faults);
    }
    if !faults.has(Code::UnknownType) && !faults.has(Code::TypeShape) {
        types::check_use(types, tools, prompts, faults);
    }
}

fn resolve(
    sources: &Sources,
    declared: &Declared,
    sections: &Sections<'_>,
    manifest: String,
    inputs: Option<Inputs>,
    called: Option<&Called>,
    faults: &mut Faults,
) -> Option<Api> {
    let identity = server::identity(declared, faults);
    environment::check(declared, faults);
    let scopes = scopes::resolve(&sections.scopes, faults);
    let credential = server::credential(declared, &scopes, faults);
    let groups = server::groups(&sections.groups, faults);
    let types = types::resolve(&sections.types, faults);
    let argument = bindings::Argument::of(declared);
    let among = tools::Among { sources, sections, scopes: &scopes, types: &types, argument: argument.as_ref() };
    let tools = tools::resolve(among, faults);
    let within =
        prompts::Within { sources, sections, scopes: &scopes, types: &types, tools: &tools, files: &declared.attached };
    let prompts = prompts::resolve(within, faults);
    let resources = resources::resolve(within, &declared.attached, faults);
    if sections.complete && declared.complete {
        server::check_notices(declared, sections, faults);
        check_use(sections, &scopes, &types, &tools, &prompts, &resources, faults);
    }
    secrets::check(&types, &tools, faults);
    outputs::check(&types, &tools, faults);
    constants::check(&types, &tools, faults);
    cases::check(credential.as_ref(), &tools, faults);
    let clients = clients::resolve(declared, called, &tools, faults);
    let docs = docs::resolve(declared, sections, &tools, faults);
    let server = identity?;
    let folder = std::path::Path::new(crate::emit::OUTPUTS).join(&server.name);
    Some(Api {
        server,
        credential: credential?,
        scopes_without_tools: scopes.without_tools(),
        scopes: scopes.list,
        groups,
        types: types.into_named(),
        tools: tools.into_iter().map(|tool| tool.api).collect::<Vec<api::Tool>>(),
        prompts: prompts.into_iter().map(|prompt| prompt.api).collect::<Vec<api::Prompt>>(),
        resources: resources.into_iter().map(|resource| resource.api).collect::<Vec<api::Resource>>(),
        clients: clients?,
        docs,
        inputs: inputs?,
        folder,
        manifest,
    })
}
