//! One file a tool: its arguments, its result and its declaration.

use proc_macro2::TokenStream;
use quote::quote;
use toolwright_core::Scopes;

use super::{
    File, contract, docs, ident, option,
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
    });

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
                asks: &[],
                logs: false,
                content: &[],
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
