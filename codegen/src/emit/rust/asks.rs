//! What a tool asks while it runs: a module with a type for each ask, and one for what a person fills in.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{contract, docs, ident, text, types};
use crate::api::{Api, Ask, AskForm, AskKind, Field, Tool};

/// The module of a tool that asks.
pub(super) fn module(api: &Api, tool: &Tool) -> Option<TokenStream> {
    let asks = tool.asks.iter().flat_map(|ask| one(api, tool, ask));
    let about = docs(&format!("What `{}` can ask while it runs.", tool.name));
    let contract = contract();
    (!tool.asks.is_empty()).then(|| {
        quote! {
            #about
            pub mod asks {
                #contract
                #(#asks)*
            }
        }
    })
}

fn one(api: &Api, tool: &Tool, ask: &Ask) -> Vec<TokenStream> {
    let Ask { key, rust, answer, kind, optional } = ask;
    let name = ident(rust);
    let (about, kind, of, answer) = match kind {
        AskKind::Elicit { message, form: AskForm { schema, fields } } => {
            let about = format!("Asks a person: {message}");
            let (message, schema) = (text(message), text(&schema.to_string()));
            let (of, answer) = match fields {
                Some(fields) => {
                    let fields: Vec<Field> = fields.iter().map(|field| field.field.clone()).collect();
                    let about = format!("What a person fills in for `{key}` of `{}`.", tool.name);
                    let of = ident(answer);
                    (quote!(#of), types::object(api, answer, &about, &fields, false))
                }
                None => (quote!(contract::Value), Vec::new()),
            };
            let kind = quote!(Form { message: #message, schema: #schema });
            (about, kind, quote!(contract::Elicited<#of>), answer)
        }
        AskKind::Sample { prompt, max_tokens } => {
            let about = format!("Asks the client's model: {prompt}");
            let (prompt, max_tokens) = (text(prompt), Literal::u64_unsuffixed(*max_tokens));
            let kind = quote!(Sample { prompt: #prompt, max_tokens: #max_tokens });
            (about, kind, quote!(contract::Sampled), Vec::new())
        }
        AskKind::Roots => {
            let about = "Asks the client which folders it works in.".to_owned();
            (about, quote!(Roots), quote!(contract::Roots), Vec::new())
        }
    };
    let about = docs(&about);
    let declaration = quote! {
        #about
        #[derive(Debug, Clone, Copy)]
        pub struct #name;

        impl contract::Ask for #name {
            const SPEC: &'static contract::AskSpec = &contract::AskSpec {
                key: #key,
                kind: contract::AskKind::#kind,
                optional: #optional,
            };
            type Answer = #of;
        }
    };
    std::iter::once(declaration).chain(answer).collect()
}
