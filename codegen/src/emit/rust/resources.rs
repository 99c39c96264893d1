//! The resources of the server as declared.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proc_macro2::TokenStream;
use quote::quote;

use super::{
    ident,
    server::{list_of, requirement_of, values_of},
    text,
};
use crate::{
    api::{Api, Resource, ResourceContent, ResourceVariable},
    emit::resource_lists::{RESOURCES, TEMPLATES, is_template},
};

/// The members of the server's constant that are about resources.
pub(super) fn members(api: &Api, resources: &[Resource]) -> TokenStream {
    let list = list_of(RESOURCES, resources.iter().any(|resource| !is_template(resource)));
    let template_list = list_of(TEMPLATES, resources.iter().any(is_template));
    let resources = resources.iter().map(|resource| resource_of(api, resource));
    quote! {
        resources: const { &[#(#resources),*] },
        resource_list: #list,
        resource_template_list: #template_list,
    }
}

fn resource_of(api: &Api, resource: &Resource) -> TokenStream {
    let Resource { name, uri, title: _, description: _, media_type, requirement, scope_note: _, content, subscribe } =
        resource;
    let requirement = requirement_of(requirement);
    let content = match content {
        ResourceContent::Text(said) => {
            let said = text(said);
            quote!(contract::ResourceContentSpec::Text(#said))
        }
        ResourceContent::Bytes(bytes) => {
            let blob = BASE64_STANDARD.encode(bytes);
            quote!(contract::ResourceContentSpec::Blob(#blob))
        }
        ResourceContent::Tool { tool, input, variables } => {
            let tool = ident(&api.tools[*tool].module);
            let input = text(&input.to_string());
            let variables = variables.iter().map(|ResourceVariable { name, description: _, is_integer, values }| {
                let values = values_of(api, values);
                quote! {
                    contract::ResourceVariableSpec { name: #name, is_integer: #is_integer, values: #values }
                }
            });
            quote! {
                contract::ResourceContentSpec::Tool(contract::ResourceToolSpec {
                    tool: <#tool::Tool as contract::Tool>::SPEC,
                    input: #input,
                    variables: &[#(#variables),*],
                })
            }
        }
    };
    quote! {
        contract::ResourceSpec {
            name: #name,
            uri: #uri,
            media_type: #media_type,
            requirement: #requirement,
            content: #content,
            subscribe: #subscribe,
        }
    }
}
