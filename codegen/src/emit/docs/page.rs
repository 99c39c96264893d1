//! The page for everyone who connects.

use std::collections::BTreeSet;

use serde::Serialize;
use toolwright_core::{
    Access, Scope, ScopeId, ScopeSet, Scopes, authorize,
    client::{Snippet, Source},
    confirmation::LIFETIME_SECONDS,
    environment::{ACCOUNT, option_env},
};

use super::{
    File, access_in_words,
    curl::{self, Call},
    document, grant, markdown, path_of, resources, scope_cell,
    troubles::{self, TroubleRow},
};
use crate::{
    api::{
        Account, Api, ArgumentValues, AskKind, Audit, Binding, BindingSource, Credential, Docs, Feature, Gateway,
        Group, Introspection, Issuer, Jwt, Listing, Prompt, PromptArgument, Server, Tool, Upstream, Verify,
    },
    emit::{clients, wording},
    names,
};

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    version: &'a str,
    description: &'a str,
    endpoint: &'a str,
    /// What calls are about.
    account: Option<AccountFacts<'a>>,
    /// What the credential says calls are about.
    bound: Option<BoundFacts<'a>>,
    key: &'a str,
    command: &'a str,
    /// Where the program keeps its credentials and records, if it has any.
    database: Option<DatabaseFacts>,
    /// The API that checks credentials instead, and that the tools ask with them.
    upstream: Option<UpstreamFacts<'a>>,
    /// The OAuth issuer that clients sign in at.
    issuer: Option<IssuerFacts<'a>>,
    /// What stdio forwards to.
    gateway: Option<GatewayFacts<'a>>,
    create_at: &'a str,
    prefix: Option<&'a str>,
    env: &'a str,
    placeholder: String,
    /// How long a credential lives, where the server decides it.
    lifetime: Option<String>,
    grant: Option<grant::Section>,
    listing: String,
    /// Whether a client is shown only what its credential allows.
    lists_granted: bool,
    /// Names of properties that no result shows.
    redacted: &'a [String],
    request_size: String,
    call_time: String,
    calls_per_minute: Option<u32>,
    audit: Option<AuditFacts>,
    calls_in_flight: Option<u32>,
    clients: Vec<ClientSection>,
    /// The same server under another name.
    another: Option<AnotherFacts>,
    scopes: Vec<ScopeRow<'a>>,
    /// Whether a scope covers another.
    has_covering: bool,
    /// Whether a scope alone unlocks more tools, or fewer, than ask for it.
    unlocks_otherwise: bool,
    unscoped: Vec<&'a str>,
    tool_count: String,
    group_count: String,
    /// The tools that reach systems outside the account, and what to mind with them.
    open_world: Vec<&'a str>,
    open_world_advice: Option<&'a str>,
    /// What calls use up, each with its tools.
    costs: Vec<Cost<'a>>,
    /// The tools whose calls are confirmed, and how long a confirmation holds.
    confirmed: Vec<&'a str>,
    confirmed_for: String,
    /// The tools that ask while they run.
    asking: Asking<'a>,
    groups: Vec<GroupSection<'a>>,
    prompts: Vec<PromptRow<'a>>,
    prompt_arguments: Vec<PromptArgumentRow<'a>>,
    resources: resources::Section<'a>,
    /// What clients are told of while they listen.
    notified: Vec<String>,
    prerequisites: &'a [String],
    verify: Option<&'a str>,
    calls: Vec<Call<'a>>,
    example_prompts: &'a [String],
    notes: &'a [String],
    troubles: Vec<TroubleRow>,
    /// Those that only whoever writes a client meets.
    protocol_troubles: Vec<TroubleRow>,
}

/// Where a program keeps its credentials, and the variable that names another place.
#[derive(Serialize)]
struct DatabaseFacts {
    file: String,
    env: String,
}

/// What is recorded of calls.
#[derive(Serialize)]
struct AuditFacts {
    /// For how long.
    keep: String,
    arguments: bool,
}

/// The API that checks credentials, and that the tools ask with them.
#[derive(Serialize)]
struct UpstreamFacts<'a> {
    origin: &'a str,
    env: &'a str,
    /// How long its answer is believed.
    cache: String,
}

/// The OAuth issuer that clients sign in at, and what it has to give.
#[derive(Serialize)]
struct IssuerFacts<'a> {
    url: &'a str,
    env: &'a str,
    audience: &'a str,
    /// Whether the audience is another than the URL of the endpoint.
    has_audience: bool,
    scope_claim: &'a str,
    /// What clients ask for at first.
    scopes: Vec<&'a str>,
    /// How long it is believed.
    cache: String,
    jwt: Option<JwtFacts<'a>>,
    introspection: Option<IntrospectionFacts<'a>>,
}

#[derive(Serialize)]
struct JwtFacts<'a> {
    keys: Option<&'a str>,
    algorithms: &'a [&'static str],
}

#[derive(Serialize)]
struct IntrospectionFacts<'a> {
    endpoint: Option<&'a str>,
    client_id_env: &'a str,
    client_secret_env: &'a str,
}

/// A running server that stdio can forward to.
#[derive(Serialize)]
struct GatewayFacts<'a> {
    env: &'a str,
    example: &'a str,
    /// The endpoint's path, which the address is without.
    path: &'a str,
}

/// What calls are about, as the endpoint's path names it.
#[derive(Serialize)]
struct AccountFacts<'a> {
    /// What the manifest calls it.
    name: String,
    placeholder: &'a str,
    description: &'a str,
    /// What has to be enabled for it, and how that is reached.
    flag: Option<&'a str>,
    fix: Option<&'a str>,
    /// The variable that says which it is over stdio.
    env: String,
}

/// What calls are about, among what the credential reaches.
#[derive(Serialize)]
struct BoundFacts<'a> {
    /// What the manifest calls it.
    name: String,
    /// The argument that names one, if callers can.
    argument: Option<&'a str>,
}

/// How one client connects.
#[derive(Serialize)]
struct ClientSection {
    key: &'static str,
    title: &'static str,
    anchor: String,
    transport: &'static str,
    authentication: String,
    bridge: Option<&'static str>,
    /// Each snippet as a block of code.
    snippets: Vec<String>,
    /// Markdown: a link that adds the server, as a block of code, since few readers of Markdown follow such a link.
    install: Option<String>,
}

/// How the server is added once more.
#[derive(Serialize)]
struct AnotherFacts {
    /// The client of the example.
    client: &'static str,
    client_key: &'static str,
    name: String,
    /// Where the client gets the second credential.
    variable: Option<String>,
    /// Markdown: the snippet as a block of code.
    snippet: String,
}

#[derive(Serialize)]
struct ScopeRow<'a> {
    name: &'a str,
    grants: &'a str,
    /// Every other scope that a holder of this one need not ask for.
    covers: Vec<&'a str>,
    /// How many tools name the scope.
    named_by: usize,
    /// How many tools a credential with this scope alone can call, beside those that need none.
    unlocks: usize,
}

#[derive(Serialize)]
struct GroupSection<'a> {
    title: &'a str,
    description: Option<&'a str>,
    /// What its tools do.
    access: &'static str,
    path: String,
    tools: Vec<ToolRow<'a>>,
}

#[derive(Serialize)]
struct ToolRow<'a> {
    name: &'a str,
    anchor: String,
    description: &'a str,
    /// Markdown.
    scope: String,
    access: &'static str,
    note: Option<&'a str>,
}

/// What the calls of some tools use up.
#[derive(Serialize)]
struct Cost<'a> {
    what: &'a str,
    tools: Vec<&'a str>,
}

/// The tools that ask while they run, by whom or what they ask.
#[derive(Serialize)]
struct Asking<'a> {
    person: Vec<&'a str>,
    model: Vec<&'a str>,
    roots: Vec<&'a str>,
}

#[derive(Serialize)]
struct PromptRow<'a> {
    /// As clients show it, with a slash.
    command: String,
    description: &'a str,
    arguments: Vec<&'a str>,
    tools: Vec<&'a str>,
    /// Markdown.
    scope: String,
}

#[derive(Serialize)]
struct PromptArgumentRow<'a> {
    command: String,
    name: &'a str,
    required: bool,
    /// Whether a person is asked for it when it is left out.
    asked: bool,
    words: &'a [String],
    /// What it has to be, where that is not any text.
    form: Option<&'a str>,
    /// The tool whose result clients suggest values from.
    suggested_from: Option<&'a str>,
    description: &'a str,
}

pub(super) fn file(api: &Api) -> File {
    let Api {
        server,
        credential,
        scopes,
        scopes_without_tools: _,
        groups,
        types: _,
        tools,
        prompts,
        resources: _,
        clients: _,
        docs,
        inputs: _,
        folder: _,
        manifest: _,
    } = api;
    let Server {
        name,
        package: _,
        key,
        title,
        version,
        description,
        instructions: _,
        endpoint,
        path,
        route: _,
        binding,
        listing,
        notifies: _,
        redact,
        body_bytes,
        call_seconds,
        calls_per_minute,
        calls_in_flight,
        audit,
        gateway,
    } = server;
    let Credential { name: _, abbreviation: _, env, create_at, verify: verifier } = credential;
    let Docs { prerequisites, verify, curl: _, open_world, example_prompts, notes, troubleshooting: _, promises: _ } =
        docs;
    let scopes = scope_rows(scopes, tools);
    let (lifetime, upstream) = checked_by(verifier);
    let has_database = lifetime.is_some() || audit.is_some();
    let page = Page {
        title,
        version,
        description,
        endpoint,
        account: server.account().map(|(binding, account)| account_facts(name, binding, account)),
        bound: binding.as_ref().and_then(bound_facts),
        key,
        command: name,
        database: has_database.then(|| database_facts(name)),
        upstream,
        issuer: issuer_facts(api),
        gateway: gateway.as_ref().map(|Gateway { env, example }| GatewayFacts { env, example, path }),
        create_at,
        prefix: credential.form().map(|form| form.prefix.as_str()),
        env,
        placeholder: clients::placeholder(api),
        lifetime,
        grant: credential.password_grant().map(|grant| grant::section(api, grant)),
        listing: listing_in_words(*listing, api),
        lists_granted: *listing == Listing::Granted,
        redacted: redact,
        request_size: wording::size(*body_bytes),
        call_time: wording::duration(*call_seconds),
        calls_per_minute: *calls_per_minute,
        audit: audit.as_ref().map(audit_facts),
        calls_in_flight: *calls_in_flight,
        clients: clients::documented(api).into_iter().map(client_section).collect(),
        another: clients::another(api).map(another_facts),
        has_covering: scopes.iter().any(|scope| !scope.covers.is_empty()),
        unlocks_otherwise: scopes.iter().any(|scope| scope.unlocks != scope.named_by),
        scopes,
        unscoped: tools.iter().filter(|tool| tool.requirement.is_session()).map(|tool| tool.name.as_str()).collect(),
        tool_count: wording::count(tools.len(), "tool"),
        group_count: wording::count(groups.len(), "group"),
        open_world: tools.iter().filter(|tool| tool.open_world).map(|tool| tool.name.as_str()).collect(),
        open_world_advice: open_world.as_deref(),
        costs: costs(tools),
        confirmed: tools.iter().filter(|tool| tool.confirmation.is_some()).map(|tool| tool.name.as_str()).collect(),
        confirmed_for: wording::duration(LIFETIME_SECONDS),
        asking: asking(tools),
        groups: groups.iter().enumerate().map(|(place, group)| group_section(api, place, group)).collect(),
        prompts: prompts.iter().map(|prompt| prompt_row(api, prompt)).collect(),
        prompt_arguments: prompts.iter().flat_map(|prompt| prompt_argument_rows(api, prompt)).collect(),
        resources: resources::section(api),
        notified: resources::notified(api),
        prerequisites,
        verify: verify.as_deref(),
        calls: curl::calls(api),
        example_prompts,
        notes,
        troubles: troubles::of_users(api),
        protocol_troubles: troubles::of_clients(api),
    };
    document(api, "README.md", "docs/README.md", &page)
}

/// How long a credential lives that the server makes, or what is said of the API that checks it.
fn checked_by(verifier: &Verify) -> (Option<String>, Option<UpstreamFacts<'_>>) {
    match verifier {
        Verify::Tokens(tokens) => (Some(wording::duration(tokens.lifetime_seconds)), None),
        Verify::Upstream(upstream) => (None, Some(upstream_facts(upstream))),
        Verify::Jwt(_) | Verify::Introspection(_) => (None, None),
    }
}

fn database_facts(server: &str) -> DatabaseFacts {
    DatabaseFacts { file: format!("data/{server}.db"), env: option_env(server, "database") }
}

fn audit_facts(Audit { keep_seconds, arguments }: &Audit) -> AuditFacts {
    AuditFacts { keep: wording::duration(*keep_seconds), arguments: *arguments }
}

fn upstream_facts(upstream: &Upstream) -> UpstreamFacts<'_> {
    let Upstream { form: _, origin, env, check: _, cache_seconds, answer: _ } = upstream;
    UpstreamFacts { origin, env, cache: wording::duration(*cache_seconds) }
}

fn issuer_facts(api: &Api) -> Option<IssuerFacts<'_>> {
    let Issuer { url, env, audience, scope_claim, scopes } = api.credential.issuer()?;
    let (cache_seconds, jwt, introspection) = match &api.credential.verify {
        Verify::Tokens(_) | Verify::Upstream(_) => return None,
        Verify::Jwt(Jwt { issuer: _, keys, algorithms, cache_seconds }) => {
            (cache_seconds, Some(JwtFacts { keys: keys.as_deref(), algorithms }), None)
        }
        Verify::Introspection(Introspection {
            issuer: _,
            endpoint,
            client_id_env,
            client_secret_env,
            cache_seconds,
        }) => {
            let facts = IntrospectionFacts { endpoint: endpoint.as_deref(), client_id_env, client_secret_env };
            (cache_seconds, None, Some(facts))
        }
    };
    Some(IssuerFacts {
        url,
        env,
        audience: audience.as_ref().unwrap_or(&api.server.endpoint),
        has_audience: audience.is_some(),
        scope_claim: scope_claim.as_deref().unwrap_or("scope"),
        scopes: Scopes(&api.scopes).names(*scopes).collect(),
        cache: wording::duration(*cache_seconds),
        jwt,
        introspection,
    })
}

fn account_facts<'a>(server: &str, binding: &'a Binding, account: &'a Account) -> AccountFacts<'a> {
    let Binding { name: _, accessor: _, description, from: _ } = binding;
    let Account { placeholder, hides_foreign: _, feature } = account;
    AccountFacts {
        name: binding.words(),
        placeholder,
        description,
        flag: feature.as_ref().map(|Feature { flag, .. }| flag.as_str()),
        fix: feature.as_ref().map(|Feature { fix, .. }| fix.as_str()),
        env: option_env(server, ACCOUNT),
    }
}

fn bound_facts(binding: &Binding) -> Option<BoundFacts<'_>> {
    let Binding { name, accessor: _, description: _, from } = binding;
    let argument = match from {
        BindingSource::Path(_) => return None,
        BindingSource::Credential => None,
        BindingSource::Argument => Some(name.as_str()),
    };
    Some(BoundFacts { name: binding.words(), argument })
}

fn client_section(client: clients::Client) -> ClientSection {
    let clients::Client { kind, facts: clients::Facts { transport, authentication, bridge }, snippets, install } =
        client;
    ClientSection {
        key: kind.as_str(),
        title: kind.title(),
        anchor: names::anchor(kind.title()),
        transport: transport.as_str(),
        authentication,
        bridge,
        snippets: snippets.iter().map(block).collect(),
        install: install.map(|link| markdown::block("text", &link)),
    }
}

fn another_facts(another: clients::Another) -> AnotherFacts {
    let clients::Another { kind, name, variable, snippet } = another;
    AnotherFacts {
        client: kind.title(),
        client_key: kind.as_str(),
        name,
        variable: Some(variable).filter(|_| snippet.source == Source::Variable),
        snippet: block(&snippet),
    }
}

fn block(snippet: &Snippet) -> String {
    markdown::block(snippet.format.language(), &snippet.text)
}

fn scope_rows<'a>(scopes: &'a [Scope], tools: &[Tool]) -> Vec<ScopeRow<'a>> {
    let all = Scopes(scopes);
    let row = |(id, scope): (ScopeId, &'a Scope)| {
        let Scope { name, access: _, grants, implies: _ } = scope;
        let alone = ScopeSet::of(&[id]);
        let covers = all.widen(alone).iter().filter(|covered| *covered != id);
        let names_it =
            |tool: &&Tool| tool.requirement.clauses().iter().any(|clause| clause.alternatives().contains(&id));
        let unlocked =
            |tool: &&Tool| !tool.requirement.is_session() && authorize(all, &tool.requirement, alone).is_ok();
        ScopeRow {
            name,
            grants,
            covers: covers.map(|id| all.get(id).name.as_ref()).collect(),
            named_by: tools.iter().filter(names_it).count(),
            unlocks: tools.iter().filter(unlocked).count(),
        }
    };
    (0..).map(ScopeId).zip(scopes).map(row).collect()
}

fn group_section<'a>(api: &'a Api, place: usize, group: &'a Group) -> GroupSection<'a> {
    let Group { name: _, title, description } = group;
    let row = |tool: &'a Tool| ToolRow {
        name: &tool.name,
        anchor: names::anchor(&tool.name),
        description: &tool.description,
        scope: scope_cell(Scopes(&api.scopes), &tool.requirement),
        access: access_in_words(tool),
        note: tool.scope_note.as_deref(),
    };
    let tools = || api.tools.iter().filter(|tool| tool.group == place);
    GroupSection {
        title,
        description: description.as_deref(),
        access: group_access(tools()),
        path: path_of(group),
        tools: tools().map(row).collect(),
    }
}

/// What the tools of a group do, all of them or some.
fn group_access<'a>(tools: impl Iterator<Item = &'a Tool>) -> &'static str {
    let reads: BTreeSet<bool> = tools.map(|tool| tool.access == Access::Read).collect();
    match (reads.contains(&true), reads.contains(&false)) {
        (_, false) => "read-only",
        (false, true) => "write",
        (true, true) => "read and write",
    }
}

/// What is used up, in the order of the tools.
fn costs(tools: &[Tool]) -> Vec<Cost<'_>> {
    let mut costs: Vec<Cost<'_>> = Vec::new();
    for tool in tools {
        let Some(what) = tool.costs.as_deref() else { continue };
        match costs.iter_mut().find(|cost| cost.what == what) {
            Some(cost) => cost.tools.push(&tool.name),
            None => costs.push(Cost { what, tools: vec![&tool.name] }),
        }
    }
    costs
}

fn asking(tools: &[Tool]) -> Asking<'_> {
    let asking = |what: fn(&AskKind) -> bool| {
        let asking = tools.iter().filter(|tool| tool.asks.iter().any(|ask| what(&ask.kind)));
        asking.map(|tool| tool.name.as_str()).collect()
    };
    Asking {
        person: asking(|kind| matches!(kind, AskKind::Elicit { .. })),
        model: asking(|kind| matches!(kind, AskKind::Sample { .. })),
        roots: asking(|kind| matches!(kind, AskKind::Roots)),
    }
}

fn prompt_row<'a>(api: &'a Api, prompt: &'a Prompt) -> PromptRow<'a> {
    let Prompt { name, title: _, description, arguments, uses, requirement, asks: _, messages: _ } = prompt;
    PromptRow {
        command: format!("/{name}"),
        description,
        arguments: arguments.iter().map(|argument| argument.name.as_str()).collect(),
        tools: uses.iter().map(|place| api.tools[*place].name.as_str()).collect(),
        scope: scope_cell(Scopes(&api.scopes), requirement),
    }
}

fn prompt_argument_rows<'a>(api: &'a Api, prompt: &'a Prompt) -> impl Iterator<Item = PromptArgumentRow<'a>> {
    prompt.arguments.iter().map(|PromptArgument { name, description, required, values, form, is_asked }| {
        PromptArgumentRow {
            command: format!("/{}", prompt.name),
            name,
            required: *required,
            asked: *is_asked,
            words: values.words(),
            form: form.as_deref(),
            suggested_from: match values {
                ArgumentValues::Listed(completion) => Some(&api.tools[completion.tool].name),
                ArgumentValues::Text | ArgumentValues::Words(_) => None,
            },
            description,
        }
    })
}

fn listing_in_words(listing: Listing, api: &Api) -> String {
    let kinds = [("tool", true), ("prompt", !api.prompts.is_empty()), ("resource", !api.resources.is_empty())];
    let kinds: Vec<&str> = kinds.into_iter().filter(|(_, is_there)| *is_there).map(|(kind, _)| kind).collect();
    let all = wording::list(&kinds.iter().map(|kind| format!("{kind}s")).collect::<Vec<_>>(), "and");
    let each = wording::list(&kinds.iter().map(ToString::to_string).collect::<Vec<_>>(), "and");
    match listing {
        Listing::Granted => format!("Your client lists only the {all} that your scopes cover."),
        Listing::All => format!("Your client lists every {each}, also those that your scopes do not cover."),
        Listing::Gated => format!(
            "Your client lists every {each}; the description of one that your scopes do not cover says which scope it lacks."
        ),
    }
}
