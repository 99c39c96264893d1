//! The crate's root: the server as declared, the constructor of its handlers with the `match` that
//! dispatches to them, and the lookup of declared names.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use toolwright_core::{Access, Requirement, Scope, ScopeSet};

use super::{COMMAND, File, contract, docs, grouped, ident, option, prompts, resources, source, stem, text, tool};
use crate::{
    api::{
        Account, Answer, AnswerGrants, Api, ArgumentValues, Audit, Binding, BindingSource, Completion, Credential,
        Feature, Form, Gateway, Group, Introspection, Issuer, Jwt, Listing, NotifiedList, PasswordGrant, Server,
        Tokens, Tool, Upstream, Verify,
    },
    emit::wording,
};

pub(super) fn file(api: &Api) -> File {
    let about = format!("{}: the tools that `{}` declares.", api.server.title, api.manifest);
    let allow = quote! {
        #![allow(clippy::all, clippy::pedantic, reason = "generated: names and shapes are the manifest's")]
    };
    let mut parts = vec![contract()];
    parts.extend(modules(api));
    parts.push(constant(api));
    parts.extend(api.server.binding.as_ref().map(accessors));
    parts.push(handlers(api));
    parts.push(lookup(api));
    source(api, "src/lib.rs", &about, &allow, parts)
}

fn modules(api: &Api) -> Vec<TokenStream> {
    let mut modules = Vec::new();
    if !api.types.is_empty() {
        let names = api.types.iter().map(|named| ident(&named.name));
        modules.push(quote! {
            mod types;
            pub use types::{#(#names),*};
        });
    }
    let tools = api.tools.iter().map(|Tool { module, .. }| {
        let path = tool::path(module);
        let path = path.trim_start_matches("src/");
        let module = ident(module);
        quote! {
            #[path = #path]
            pub mod #module;
        }
    });
    modules.push(tools.collect());
    modules
}

fn constant(api: &Api) -> TokenStream {
    let Api {
        server,
        credential,
        scopes,
        scopes_without_tools: _,
        groups,
        types: _,
        tools,
        prompts,
        resources,
        clients,
        docs: _,
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
        instructions,
        endpoint,
        path,
        route,
        binding,
        listing,
        notifies,
        redact,
        body_bytes,
        call_seconds,
        calls_per_minute,
        calls_in_flight,
        audit,
        gateway,
    } = server;
    let description = text(description);
    let instructions = option(instructions.as_deref().map(text).map(|instructions| quote!(#instructions)));
    let binding = option(binding.as_ref().map(binding_of));
    let listing = listing_of(*listing);
    let notifies = notifies.iter().map(|list| notified(*list));
    let gateway = option(
        gateway.as_ref().map(|Gateway { env, example }| quote!(contract::GatewaySpec { env: #env, example: #example })),
    );
    let limits = limits_of(*body_bytes, *call_seconds, [*calls_per_minute, *calls_in_flight]);
    let audit = option(audit.as_ref().map(|Audit { keep_seconds, arguments }| {
        let keep_seconds = grouped(*keep_seconds);
        quote!(contract::AuditSpec { keep_seconds: #keep_seconds, arguments: #arguments })
    }));
    let credential = credential_of(api, credential);
    let scopes = scopes.iter().map(scope_of);
    let groups = groups
        .iter()
        .map(|Group { name, title, description: _ }| quote!(contract::GroupSpec { name: #name, title: #title }));
    let modules = tools.iter().map(|tool| ident(&tool.module));
    let prompts_of = prompts.iter().map(|prompt| prompts::spec(api, prompt));
    let prompt_list = list_of("prompts.json", !api.prompts.is_empty());
    let resources = resources::members(api, resources);
    // The name of a variant is what `Debug` prints.
    let clients = clients.iter().map(|kind| ident(&format!("{kind:?}")));
    quote! {
        /// What the manifest declares about the server.
        pub static SERVER: contract::ServerSpec = contract::ServerSpec {
            name: #name,
            key: #key,
            title: #title,
            version: #version,
            description: #description,
            instructions: #instructions,
            endpoint: #endpoint,
            path: #path,
            route: #route,
            binding: #binding,
            listing: #listing,
            notifies: &[#(#notifies),*],
            redact: &[#(#redact),*],
            limits: #limits,
            audit: #audit,
            credential: #credential,
            gateway: #gateway,
            scopes: const { &[#(#scopes),*] },
            groups: &[#(#groups),*],
            tools: &[#(<#modules::Tool as contract::Tool>::SPEC),*],
            tool_list: ::core::include_str!("../tools.json"),
            prompts: const { &[#(#prompts_of),*] },
            prompt_list: #prompt_list,
            #resources
            clients: &[#(contract::ClientKind::#clients),*],
        };
    }
}

fn listing_of(listing: Listing) -> TokenStream {
    let listing = ident(match listing {
        Listing::Granted => "Granted",
        Listing::All => "All",
        Listing::Gated => "Gated",
    });
    quote!(contract::Listing::#listing)
}

fn notified(list: NotifiedList) -> TokenStream {
    let list = ident(match list {
        NotifiedList::Tools => "Tools",
        NotifiedList::Prompts => "Prompts",
        NotifiedList::Resources => "Resources",
    });
    quote!(contract::List::#list)
}

fn limits_of(body_bytes: u64, call_seconds: u64, calls: [Option<u32>; 2]) -> TokenStream {
    let (body_bytes, call_seconds) = (grouped(body_bytes), grouped(call_seconds));
    let [calls_per_minute, calls_in_flight] = calls.map(|calls| {
        let calls = calls.map(|calls| grouped(calls.into()));
        calls.map_or_else(|| option(None), |calls| quote!(::core::num::NonZeroU32::new(#calls)))
    });
    quote!(contract::LimitsSpec {
        body_bytes: #body_bytes,
        call_seconds: #call_seconds,
        calls_per_minute: #calls_per_minute,
        calls_in_flight: #calls_in_flight,
    })
}

fn binding_of(binding: &Binding) -> TokenStream {
    let Binding { name, accessor: _, description, from } = binding;
    let from = match from {
        BindingSource::Path(account) => {
            let account = account_of(account);
            quote!(Path(#account))
        }
        BindingSource::Credential => quote!(Credential),
        BindingSource::Argument => quote!(Argument),
    };
    quote! {
        contract::BindingSpec { name: #name, description: #description, from: contract::BindingSource::#from }
    }
}

fn account_of(account: &Account) -> TokenStream {
    let Account { placeholder, hides_foreign, feature } = account;
    let feature = option(feature.as_ref().map(
        |Feature { flag, message, fix }| quote!(contract::FeatureSpec { flag: #flag, message: #message, fix: #fix }),
    ));
    quote! {
        contract::AccountSpec { placeholder: #placeholder, hides_foreign: #hides_foreign, feature: #feature }
    }
}

/// What a call is about, as a method of every call of this server, and of no other.
fn accessors(binding: &Binding) -> TokenStream {
    let Binding { name, accessor, description, from } = binding;
    let accessor = ident(accessor);
    let about = docs(&format!("The `{name}` that the call is about, by its id. {description}"));
    let (value, panics) = match from {
        BindingSource::Path(_) => (quote!(account), TokenStream::new()),
        BindingSource::Credential | BindingSource::Argument => (
            quote!(bound),
            quote! {
                ///
                /// # Panics
                /// In a tool whose scope is `session`: a call of it is about none.
            },
        ),
    };
    quote! {
        /// What a call is about.
        pub trait Bindings {
            #about
            #panics
            fn #accessor(&self) -> &::core::primitive::str;
        }

        impl Bindings for contract::Call {
            fn #accessor(&self) -> &::core::primitive::str {
                contract::#value(self)
            }
        }
    }
}

fn credential_of(api: &Api, credential: &Credential) -> TokenStream {
    let Credential { name, abbreviation, env, create_at, verify } = credential;
    let verify = match verify {
        Verify::Tokens(tokens) => tokens_of(tokens),
        Verify::Upstream(upstream) => upstream_of(api, upstream),
        Verify::Jwt(jwt) => jwt_of(jwt),
        Verify::Introspection(introspection) => introspection_of(introspection),
    };
    quote! {
        contract::CredentialSpec {
            name: #name,
            abbreviation: #abbreviation,
            env: #env,
            create_at: #create_at,
            verify: #verify,
        }
    }
}

fn form_of(Form { prefix, length }: &Form) -> TokenStream {
    let length = grouped(*length);
    quote!(contract::FormSpec { prefix: #prefix, length: #length })
}

fn tokens_of(Tokens { form, lifetime_seconds, password_grant }: &Tokens) -> TokenStream {
    let form = form_of(form);
    let lifetime_seconds = grouped(*lifetime_seconds);
    let password_grant = option(password_grant.as_ref().map(password_grant_of));
    quote! {
        contract::VerifySpec::Tokens(contract::TokensSpec {
            form: #form,
            lifetime_seconds: #lifetime_seconds,
            password_grant: #password_grant,
        })
    }
}

fn upstream_of(api: &Api, Upstream { form, origin, env, check, cache_seconds, answer }: &Upstream) -> TokenStream {
    let cases = api.tools.iter().map(case_of);
    let form = form_of(form);
    let cache_seconds = grouped(*cache_seconds);
    let Answer { id, name, subject, grants } = answer;
    let grants = match grants {
        AnswerGrants::Whole(scopes) => quote!(contract::AnswerGrantsSpec::Whole(&[#(#scopes),*])),
        AnswerGrants::Bound { each, id, name, scopes, default } => {
            let [name, default] = [name, default].map(|way| option(way.as_ref().map(|way| quote!(&[#(#way),*]))));
            quote! {
                contract::AnswerGrantsSpec::Bound {
                    each: &[#(#each),*],
                    id: &[#(#id),*],
                    name: #name,
                    scopes: &[#(#scopes),*],
                    default: #default,
                }
            }
        }
    };
    quote! {
        contract::VerifySpec::Upstream(contract::UpstreamSpec {
            form: #form,
            origin: #origin,
            env: #env,
            check: #check,
            cache_seconds: #cache_seconds,
            answer: contract::AnswerSpec {
                id: &[#(#id),*],
                name: &[#(#name),*],
                subject: &[#(#subject),*],
                grants: #grants,
            },
            cases: &[#(#cases),*],
        })
    }
}

fn jwt_of(Jwt { issuer, keys, algorithms, cache_seconds }: &Jwt) -> TokenStream {
    let issuer = issuer_of(issuer);
    let keys = option(keys.as_ref().map(|keys| quote!(#keys)));
    let cache_seconds = grouped(*cache_seconds);
    quote! {
        contract::VerifySpec::Jwt(contract::JwtSpec {
            issuer: #issuer,
            keys: #keys,
            algorithms: &[#(#algorithms),*],
            cache_seconds: #cache_seconds,
        })
    }
}

fn introspection_of(introspection: &Introspection) -> TokenStream {
    let Introspection { issuer, endpoint, client_id_env, client_secret_env, cache_seconds } = introspection;
    let issuer = issuer_of(issuer);
    let endpoint = option(endpoint.as_ref().map(|endpoint| quote!(#endpoint)));
    let cache_seconds = grouped(*cache_seconds);
    quote! {
        contract::VerifySpec::Introspection(contract::IntrospectionSpec {
            issuer: #issuer,
            endpoint: #endpoint,
            client_id_env: #client_id_env,
            client_secret_env: #client_secret_env,
            cache_seconds: #cache_seconds,
        })
    }
}

fn issuer_of(Issuer { url, env, audience, scope_claim, scopes }: &Issuer) -> TokenStream {
    let [audience, scope_claim] = [audience, scope_claim].map(|text| option(text.as_ref().map(|text| quote!(#text))));
    let scopes = set_of(*scopes);
    quote! {
        &contract::IssuerSpec {
            url: #url,
            env: #env,
            audience: #audience,
            scope_claim: #scope_claim,
            scopes: #scopes,
        }
    }
}

/// The call of a tool that its first example shows. Without an example, it takes one without arguments.
fn case_of(tool: &Tool) -> TokenStream {
    let module = ident(&tool.module);
    let input = text(&tool.examples.first().map_or_else(|| "{}".to_owned(), |example| example.input.to_string()));
    quote!(contract::CaseSpec { tool: <#module::Tool as contract::Tool>::SPEC, input: #input })
}

fn password_grant_of(PasswordGrant { path, lifetime_seconds, scopes }: &PasswordGrant) -> TokenStream {
    let (lifetime_seconds, scopes) = (grouped(*lifetime_seconds), set_of(*scopes));
    quote!(contract::PasswordGrantSpec { path: #path, lifetime_seconds: #lifetime_seconds, scopes: #scopes })
}

fn scope_of(scope: &Scope) -> TokenStream {
    let Scope { name, access, grants, implies } = scope;
    let access = access_of(*access);
    let implies = set_of(*implies);
    quote! {
        contract::Scope {
            name: ::std::borrow::Cow::Borrowed(#name),
            access: #access,
            grants: ::std::borrow::Cow::Borrowed(#grants),
            implies: #implies,
        }
    }
}

pub(super) fn values_of(api: &Api, values: &ArgumentValues) -> TokenStream {
    match values {
        ArgumentValues::Text => quote!(contract::ArgumentValues::Text),
        ArgumentValues::Words(words) => quote!(contract::ArgumentValues::Words(&[#(#words),*])),
        ArgumentValues::Listed(Completion { tool, input, typed, values, total }) => {
            let tool = ident(&api.tools[*tool].module);
            let input = text(&input.to_string());
            let typed = option(typed.as_ref().map(|typed| quote!(#typed)));
            let total = option(total.as_ref().map(|total| quote!(&[#(#total),*])));
            quote! {
                contract::ArgumentValues::Listed(contract::CompletionSpec {
                    tool: <#tool::Tool as contract::Tool>::SPEC,
                    input: #input,
                    typed: #typed,
                    values: &[#(#values),*],
                    total: #total,
                })
            }
        }
    }
}

/// A list in a file beside the crate's sources; an empty one has no file.
pub(super) fn list_of(file: &str, is_there: bool) -> TokenStream {
    let path = format!("../{file}");
    if is_there { quote!(::core::include_str!(#path)) } else { quote!("[]") }
}

fn set_of(set: ScopeSet) -> TokenStream {
    if set.is_empty() {
        return quote!(contract::ScopeSet::EMPTY);
    }
    let ids = set.iter().map(|id| Literal::u8_unsuffixed(id.0));
    quote!(contract::ScopeSet::of(&[#(contract::ScopeId(#ids)),*]))
}

pub(super) fn access_of(access: Access) -> TokenStream {
    let variant = ident(match access {
        Access::Read => "Read",
        Access::Write => "Write",
        Access::Destructive => "Destructive",
    });
    quote!(contract::DeclaredAccess::#variant)
}

pub(super) fn requirement_of(requirement: &Requirement) -> TokenStream {
    let clauses = requirement.clauses().iter().map(|clause| {
        let ids = clause.alternatives().iter().map(|id| Literal::u8_unsuffixed(id.0));
        quote!(contract::Clause::any_of(&[#(contract::ScopeId(#ids)),*]))
    });
    quote!(contract::Requirement::all_of(const { &[#(#clauses),*] }))
}

/// What a store is called: as an argument of the constructor, as the type of that, and as an access.
#[derive(PartialEq, Eq)]
pub(super) struct StoreKind {
    field: &'static str,
    parameter: &'static str,
    pub(super) access: &'static str,
}

const READ: StoreKind = StoreKind { field: "read", parameter: "R", access: "Read" };
const RECORD: StoreKind = StoreKind { field: "record", parameter: "C", access: "Record" };
const WRITE: StoreKind = StoreKind { field: "write", parameter: "W", access: "Write" };

/// The store that serves a tool.
pub(super) fn store_of(tool: &Tool) -> &'static StoreKind {
    match (tool.access, &tool.records) {
        (Access::Read, None) => &READ,
        (Access::Read, Some(_)) => &RECORD,
        (Access::Write | Access::Destructive, _) => &WRITE,
    }
}

/// One of the stores, with the tools that it serves.
struct Store<'a> {
    field: &'static str,
    parameter: &'static str,
    tools: Vec<&'a Tool>,
}

/// The stores that the constructor takes: one for each access that a tool has, so that no server is
/// asked for a store that nothing uses.
fn stores(api: &Api) -> Vec<Store<'_>> {
    let stores = [&READ, &RECORD, &WRITE].map(|kind| Store {
        field: kind.field,
        parameter: kind.parameter,
        tools: api.tools.iter().filter(|tool| store_of(tool) == kind).collect(),
    });
    stores.into_iter().filter(|store| !store.tools.is_empty()).collect()
}

impl Store<'_> {
    /// That the store has a handler for each of its tools.
    fn bound(&self) -> TokenStream {
        let parameter = ident(self.parameter);
        let tools = self.tools.iter().map(|tool| ident(&tool.module));
        quote!(#parameter: #(contract::Handle<#tools::Tool>)+*)
    }

    /// The arms of the dispatching `match`.
    fn arms(&self) -> TokenStream {
        let (field, parameter) = (ident(self.field), ident(self.parameter));
        let arm = |tool: &&Tool| {
            let (name, module) = (&tool.name, ident(&tool.module));
            quote! {
                #name => contract::invoke::<#module::Tool, #parameter, Self>(
                    self, |stores| &stores.#field, call, arguments,
                ),
            }
        };
        self.tools.iter().map(arm).collect()
    }
}

/// The constructor, and in it the type that dispatches: no name of a tool can meet it there.
fn handlers(api: &Api) -> TokenStream {
    let stores = stores(api);
    let about = docs(&wording::handlers(&stores.iter().map(|store| store.field).collect::<Vec<_>>()));
    let fields: Vec<_> = stores.iter().map(|store| ident(store.field)).collect();
    let parameters: Vec<_> = stores.iter().map(|store| ident(store.parameter)).collect();
    let bounds: Vec<_> = stores.iter().map(Store::bound).collect();
    let arms = stores.iter().map(Store::arms);
    quote! {
        #about
        pub fn handlers<#(#parameters),*>(#(#fields: #parameters),*) -> contract::Handlers
        where
            #(#bounds,)*
        {
            struct Stores<#(#parameters),*> {
                #(#fields: #parameters,)*
            }

            impl<#(#parameters),*> contract::Dispatch for Stores<#(#parameters),*>
            where
                #(#bounds,)*
            {
                fn dispatch(
                    self: ::std::sync::Arc<Self>,
                    call: contract::Call,
                    arguments: contract::Value,
                ) -> contract::Reply {
                    match call.tool().name {
                        #(#arms)*
                        _ => contract::undeclared(&call),
                    }
                }
            }

            contract::Handlers::new(Stores { #(#fields),* })
        }
    }
}

/// The macro that `#[mcp_tool]` calls first, so that an undeclared name is one error in our words.
fn lookup(api: &Api) -> TokenStream {
    let modules: Vec<_> = api.tools.iter().map(|tool| ident(&tool.module)).collect();
    let before = format!("{} declares no tool `", api.manifest);
    let names: Vec<_> = api.tools.iter().map(|tool| stem(&tool.module)).collect();
    let after = format!("declare it there and run `{COMMAND}`, or use one of: {}", names.join(", "));
    quote! {
        /// Passes on what `#[mcp_tool]` made for a declared tool, and refuses every other name.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! declared_tool {
            #((#modules => $($handler:tt)*) => { $($handler)* };)*
            ($other:ident => $($handler:tt)*) => {
                ::core::compile_error!(::core::concat!(#before, ::core::stringify!($other), "`\n", #after));
            };
        }
    }
}
