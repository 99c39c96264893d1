//! Prompts as constants, and the files that their messages consist of.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    File, ident,
    server::{requirement_of, values_of},
    text,
};
use crate::api::{Api, Media, MessageContent, Prompt, PromptArgument, PromptAsk, PromptMessage, Role};

/// A prompt as a constant.
pub(super) fn spec(api: &Api, prompt: &Prompt) -> TokenStream {
    let Prompt { name, title: _, description: _, arguments, uses, requirement, asks, messages } = prompt;
    let requirement = requirement_of(requirement);
    let arguments =
        arguments.iter().map(|PromptArgument { name, description: _, required, values, form: _, is_asked: _ }| {
            let values = values_of(api, values);
            quote!(contract::PromptArgumentSpec { name: #name, required: #required, values: #values })
        });
    let uses = uses.iter().map(|place| &api.tools[*place].name);
    let asks = asks.iter().map(|PromptAsk { key, message, schema, optional }| {
        let (message, schema) = (text(message), text(&schema.to_string()));
        quote! {
            contract::AskSpec {
                key: #key,
                kind: contract::AskKind::Form { message: #message, schema: #schema },
                optional: #optional,
            }
        }
    });
    let messages = messages.iter().map(message);
    quote! {
        contract::PromptSpec {
            name: #name,
            requirement: #requirement,
            arguments: &[#(#arguments),*],
            uses: &[#(#uses),*],
            asks: &[#(#asks),*],
            messages: &[#(#messages),*],
        }
    }
}

fn message(PromptMessage { role, content }: &PromptMessage) -> TokenStream {
    let role = ident(match role {
        Role::User => "User",
        Role::Assistant => "Assistant",
    });
    let content = match content {
        MessageContent::Text(template) => {
            let template = text(template);
            quote!(Text(#template))
        }
        MessageContent::Image(media) => {
            let media = media_of(media);
            quote!(Image(#media))
        }
        MessageContent::Audio(media) => {
            let media = media_of(media);
            quote!(Audio(#media))
        }
        MessageContent::Resource { uri, media_type, text: template } => {
            let (uri, template) = (text(uri), text(template));
            quote!(Resource { uri: #uri, media_type: #media_type, text: #template })
        }
    };
    quote! {
        contract::PromptMessageSpec {
            role: contract::PromptRole::#role,
            content: contract::PromptContentSpec::#content,
        }
    }
}

fn media_of(Media { media_type, path, data: _ }: &Media) -> TokenStream {
    let path = format!("../{path}");
    quote! {
        contract::MediaSpec {
            media_type: #media_type,
            data: ::core::include_str!(#path).trim_ascii_end(),
        }
    }
}

/// The files that messages consist of, in Base64, as the protocol sends them.
pub(super) fn media(api: &Api) -> Vec<File> {
    let contents = api.prompts.iter().flat_map(|prompt| &prompt.messages).map(|message| &message.content);
    contents
        .filter_map(|content| match content {
            MessageContent::Image(media) | MessageContent::Audio(media) => Some(media),
            MessageContent::Text(_) | MessageContent::Resource { .. } => None,
        })
        .map(|Media { media_type: _, path, data }| File::new(path.as_str(), format!("{data}\n")))
        .collect()
}
