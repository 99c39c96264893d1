//! The generated crate: types, constants, trait implementations and one `match`; no behaviour.

mod asks;
mod prompts;
mod resources;
mod server;
mod tool;
mod types;
mod values;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use serde::Serialize;

use super::{COMMAND, File, markdown, notice, template};
use crate::api::{Api, Server};

pub(super) fn files(api: &Api) -> Vec<File> {
    let mut files = vec![package(api), build_script(api), server::file(api)];
    files.extend(types::file(api));
    files.extend(api.tools.iter().map(|tool| tool::file(api, tool)));
    files.extend(prompts::media(api));
    files
}

fn package(api: &Api) -> File {
    #[derive(Serialize)]
    struct Context<'a> {
        notice: String,
        package: &'a str,
        description: String,
        version: &'a str,
    }
    let Server { package, title, version, .. } = &api.server;
    let description = format!("The tools of {title}, as {} declares them.", api.manifest);
    File::new(
        "Cargo.toml",
        template::render("crate/Cargo.toml", &Context { notice: notice(api), package, description, version }),
    )
}

fn build_script(api: &Api) -> File {
    let toolwright_freshness::Inputs { manifest, include, files, digest } = &api.inputs;
    let workspace = api.folder.components().map(|_| "..").collect::<Vec<_>>().join("/");
    source(
        api,
        "build.rs",
        "Fails the build when the manifest is newer than this crate.",
        &TokenStream::new(),
        vec![quote! {
            fn main() {
                let inputs = toolwright_freshness::Inputs {
                    manifest: #manifest.to_owned(),
                    include: vec![#(#include.to_owned()),*],
                    files: vec![#(#files.to_owned()),*],
                    digest: #digest.to_owned(),
                };
                toolwright_freshness::verify(#workspace, &inputs, #COMMAND);
            }
        }],
    )
}

/// An optional value, as generated code writes it.
fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(::core::option::Option::None), |value| quote!(::core::option::Option::Some(#value)))
}

/// A Rust file: the notice, the text that explains the file, its attributes, and its parts with a
/// blank line between them.
fn source(api: &Api, path: &str, about: &str, attributes: &TokenStream, parts: Vec<TokenStream>) -> File {
    let about = inner_docs(about);
    let head = quote! {
        #about
        #![cfg_attr(rustfmt, rustfmt_skip)]
        #attributes
    };
    let parts: Vec<String> = std::iter::once(head).chain(parts).map(print).collect();
    File::new(path, format!("// {}\n{}", notice(api), parts.join("\n")))
}

fn print(part: TokenStream) -> String {
    let shown = part.to_string();
    match syn::parse2(part) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => unreachable!("an emitter made what is no Rust ({error}): {shown}"),
    }
}

/// The import with which each file of the crate's own begins: the one module of the runtime that
/// generated code names. No tool can hide it, for its name is refused.
fn contract() -> TokenStream {
    quote!(
        use ::toolwright::contract;
    )
}

/// A name of the intermediate form, which is an identifier already, raw where it has to be.
fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A name of the intermediate form as part of a longer one, and as the name of a file.
fn stem(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// A manifest's text as doc comments, with nothing in it that rustdoc reads as markup.
fn docs(text: &str) -> TokenStream {
    let lines = doc_lines(text);
    quote!(#(#[doc = #lines])*)
}

fn inner_docs(text: &str) -> TokenStream {
    let lines = doc_lines(text);
    quote!(#(#![doc = #lines])*)
}

fn doc_lines(text: &str) -> Vec<String> {
    let markdown = markdown::paragraphs(text);
    markdown.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") }).collect()
}

/// A whole number with its digits in groups.
fn grouped(number: u64) -> Literal {
    let digits = number.to_string();
    let groups: Vec<String> =
        digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into()).collect();
    literal(&groups.join("_"))
}

/// Text as a string literal: raw where it has lines or quotation marks, so that a reader sees it as it is.
fn text(text: &str) -> Literal {
    if !text.contains(['\n', '"']) || text.contains('\r') {
        return Literal::string(text);
    }
    let after_quotation = text.split('"').skip(1);
    let longest = after_quotation.map(|after| after.len() - after.trim_start_matches('#').len() + 1).max();
    let marks = "#".repeat(longest.unwrap_or(0));
    literal(&format!("r{marks}\"{text}\"{marks}"))
}

fn literal(source: &str) -> Literal {
    source.parse().unwrap_or_else(|error| unreachable!("an emitter made what is no literal ({error}): {source}"))
}
