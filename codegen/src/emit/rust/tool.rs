//! One file a tool: its arguments, its result and its declaration.

use proc_macro2::TokenStream;
use quote::quote;
use toolwright_core::Scopes;

use super::{
    File, asks, contract, docs, ident, option,
    server::{access_of, requirement_of, store_of},
    source, stem, types,
};
use crate::{
    api::{Api, Confirmation, Output, Tool},
    emit::wording,
};

pub(super) fn file(api: &Api, tool: &Tool) -> File {
    let Tool {
        name,
        module,
        title: _,
        description,
        group,
        access,
        records,
        costs,
        confirmation,
        idempotent: _,
        open_world: _,
        requirement,
        scope_note: _,
        input,
        bound: _,
        input_schema: _,
        output,
        output_schema: _,
        logs,
        asks,
        examples: _,
    } = tool;
    let mut parts = vec![contract()];
    parts.extend(types::object(api, "Input", &format!("Arguments of `{name}`."), input, true));
    parts.extend(match output {
        Output::Named(place) => {
            let about = docs(&format!("Result of `{name}`."));
            let named = ident(&api.types[*place].name);
            vec![quote!(#about pub type Output = crate::#named;)]
        }
        Output::Fields(fields) => types::object(api, "Output", &format!("Result of `{name}`."), fields, false),
        Output::Content(_) => {
            let about = docs(&format!("What `{name}` answers with."));
            vec![quote!(#about pub type Output = contract::Content;)]
        }
    });
    parts.extend(asks::module(api, tool));

    let about = docs(&format!("The tool `{name}`. {}", wording::needs(Scopes(&api.scopes), requirement)));
    parts.push(quote! {
        #about
        #[derive(Debug)]
        pub enum Tool {}
    });

    let group = &api.groups[*group].name;
    let declared = access_of(*access);
    let records = records.is_some();
    let costs = option(costs.as_deref().map(|costs| quote!(#costs)));
    let question =
        option(confirmation.as_ref().map(|Confirmation { question, about: _, argument: _ }| quote!(#question)));
    let asks = asks.iter().map(|ask| ident(&ask.rust));
    let kinds = match output {
        Output::Content(kinds) => kinds.as_slice(),
        Output::Named(_) | Output::Fields(_) => &[],
    };
    // The name of a variant is what `Debug` prints.
    let kinds = kinds.iter().map(|kind| ident(&format!("{kind:?}")));
    let store = ident(store_of(tool).access);
    let requirement = requirement_of(requirement);
    parts.push(quote! {
        impl contract::Tool for Tool {
            const SPEC: &'static contract::ToolSpec = &contract::ToolSpec {
                name: #name,
                group: #group,
                access: #declared,
                records: #records,
                costs: #costs,
                question: #question,
                asks: &[#(<asks::#asks as contract::Ask>::SPEC),*],
                logs: #logs,
                content: &[#(contract::ContentKind::#kinds),*],
                requirement: #requirement,
            };
            type Access = contract::#store;
            type Input = Input;
            type Output = Output;
        }
    });
    source(api, &path(module), description, &TokenStream::new(), parts)
}

/// The file of a tool's module, below the crate.
pub(super) fn path(module: &str) -> String {
    format!("src/tools/{}.rs", stem(module))
}
