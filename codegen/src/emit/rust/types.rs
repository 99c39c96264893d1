//! Declared types as Rust types.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{File, contract, docs, ident, source, stem, values};
use crate::api::{Api, Field, NamedType, Shape, Type, Variant, Word};

const PATH_OF_SERDE: &str = "::toolwright::contract::serde";

/// The named types, if there are any.
pub(super) fn file(api: &Api) -> Option<File> {
    if api.types.is_empty() {
        return None;
    }
    let declarations = api.types.iter().flat_map(|named| declaration(api, named));
    let parts = std::iter::once(contract()).chain(declarations).collect();
    Some(source(api, "src/types.rs", "The named types of the manifest.", &TokenStream::new(), parts))
}

fn declaration(api: &Api, named: &NamedType) -> Vec<TokenStream> {
    let NamedType { name, description, shape } = named;
    let about = description.clone().unwrap_or_else(|| format!("`{name}`."));
    match shape {
        Shape::Enum(words) => words_enum(name, &about, words),
        Shape::Object(fields) => object(api, name, &about, fields, false),
        Shape::Union { tag, variants } => tagged_union(api, name, &about, tag, variants),
    }
}

fn words_enum(name: &str, about: &str, words: &[Word]) -> Vec<TokenStream> {
    let name = ident(name);
    let about = docs(about);
    let rust: Vec<_> = words.iter().map(|word| ident(&word.rust)).collect();
    let wire: Vec<_> = words.iter().map(|word| &word.wire).collect();
    let meaning = words.iter().map(|word| {
        let Word { wire, rust: _, description } = word;
        docs(description.as_ref().unwrap_or(&format!("`{wire}`.")))
    });
    let declaration = quote! {
        #about
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            contract::serde::Serialize, contract::serde::Deserialize
        )]
        #[serde(crate = #PATH_OF_SERDE)]
        pub enum #name {
            #(#meaning #[serde(rename = #wire)] #rust,)*
        }
    };
    let conversions = quote! {
        impl #name {
            /// Every value, in the order of their declaration.
            pub const ALL: &'static [Self] = &[#(Self::#rust),*];

            /// The value on the wire.
            pub const fn as_str(self) -> &'static ::core::primitive::str {
                match self {
                    #(Self::#rust => #wire,)*
                }
            }

            /// The value that is this on the wire.
            pub fn parse(text: &::core::primitive::str) -> ::core::option::Option<Self> {
                match text {
                    #(#wire => ::core::option::Option::Some(Self::#rust),)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    };
    let display = quote! {
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
    vec![declaration, conversions, display]
}

/// A struct, and the defaults of its fields. A `closed` one refuses properties that it does not know.
pub(super) fn object(api: &Api, name: &str, about: &str, fields: &[Field], closed: bool) -> Vec<TokenStream> {
    let owner = ident(name);
    let about = docs(about);
    let closed = closed.then(|| quote!(, deny_unknown_fields));
    let members = fields.iter().map(|field| {
        let default = format!("{name}::{}", default_name("", field));
        member(api, field, &quote!(pub), &default)
    });
    let declaration = quote! {
        #about
        #[derive(
            Debug, Clone, PartialEq,
            contract::serde::Serialize, contract::serde::Deserialize
        )]
        #[serde(crate = #PATH_OF_SERDE #closed)]
        pub struct #owner {
            #(#members,)*
        }
    };
    let defaults: Vec<_> = fields.iter().filter_map(|field| default_function(api, "", field)).collect();
    let defaults = (!defaults.is_empty()).then(|| quote!(impl #owner { #(#defaults)* }));
    std::iter::once(declaration).chain(defaults).collect()
}

fn tagged_union(api: &Api, name: &str, about: &str, tag: &str, variants: &[Variant]) -> Vec<TokenStream> {
    let owner = ident(name);
    let about = docs(about);
    let cases = variants.iter().map(|variant| {
        let Variant { wire, rust, description, fields } = variant;
        let about = docs(description.as_ref().unwrap_or(&format!("`{wire}`.")));
        let case = ident(rust);
        let members = fields.iter().map(|field| {
            let default = format!("{name}::{}", default_name(rust, field));
            member(api, field, &TokenStream::new(), &default)
        });
        quote!(#about #[serde(rename = #wire)] #case { #(#members,)* })
    });
    let declaration = quote! {
        #about
        #[derive(
            Debug, Clone, PartialEq,
            contract::serde::Serialize, contract::serde::Deserialize
        )]
        #[serde(crate = #PATH_OF_SERDE, tag = #tag)]
        pub enum #owner {
            #(#cases,)*
        }
    };
    let defaults: Vec<_> = variants
        .iter()
        .flat_map(|variant| variant.fields.iter().filter_map(|field| default_function(api, &variant.rust, field)))
        .collect();
    let defaults = (!defaults.is_empty()).then(|| {
        quote! {
            #[allow(non_snake_case, reason = "a variant and a field have one name between them")]
            impl #owner { #(#defaults)* }
        }
    });
    std::iter::once(declaration).chain(defaults).collect()
}

fn member(api: &Api, field: &Field, visibility: &TokenStream, default: &str) -> TokenStream {
    let Field { wire, rust, description, of: _, required, nullable: _, default: _, boxed: _, bounds: _ } = field;
    let about = docs(description);
    let name = ident(rust);
    let of = field_type(api, field);
    let mut serde = Vec::new();
    if stem(rust) != wire {
        serde.push(quote!(rename = #wire));
    }
    if has_default(field) {
        serde.push(quote!(default = #default));
    } else if !required {
        serde.push(quote!(default, skip_serializing_if = "::core::option::Option::is_none"));
    }
    let serde = (!serde.is_empty()).then(|| quote!(#[serde(#(#serde),*)]));
    quote!(#about #serde #visibility #name: #of)
}

fn field_type(api: &Api, field: &Field) -> TokenStream {
    let plain = rust_type(api, &field.of);
    let held = if field.boxed { quote!(::std::boxed::Box<#plain>) } else { plain };
    if is_option(field) { quote!(::core::option::Option<#held>) } else { held }
}

fn rust_type(api: &Api, of: &Type) -> TokenStream {
    match of {
        Type::Redacted => quote!(contract::Redacted),
        Type::String => quote!(::std::string::String),
        Type::Integer => quote!(::core::primitive::i64),
        Type::Number => quote!(::core::primitive::f64),
        Type::Boolean => quote!(::core::primitive::bool),
        Type::Json => quote!(contract::Value),
        Type::Array(items) => {
            let items = rust_type(api, items);
            quote!(::std::vec::Vec<#items>)
        }
        Type::Map(values) => {
            let values = rust_type(api, values);
            quote!(::std::collections::BTreeMap<::std::string::String, #values>)
        }
        Type::Named(place) => {
            let name = ident(&api.types[*place].name);
            quote!(crate::#name)
        }
    }
}

/// Whether the field can be without a value: because it is `null`, or because it was left out and
/// nothing stands in for it.
pub(super) fn is_option(field: &Field) -> bool {
    field.nullable || !(field.required || has_default(field))
}

fn has_default(field: &Field) -> bool {
    !field.required && field.default.is_some()
}

fn default_function(api: &Api, variant: &str, field: &Field) -> Option<TokenStream> {
    let default = field.default.as_ref().filter(|_| has_default(field))?;
    let name = format_ident!("{}", default_name(variant, field));
    let of = field_type(api, field);
    let value = values::of_field(&api.types, field, default);
    Some(quote!(fn #name() -> #of { #value }))
}

/// A variant's name has no underscore, so that no two fields of a union meet here.
fn default_name(variant: &str, field: &Field) -> String {
    let separator = if variant.is_empty() { "" } else { "_" };
    format!("default_{}{separator}{}", stem(variant), stem(&field.rust))
}
