//! The derives that say which tools a store serves.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::DeriveInput;

pub(crate) fn derive(input: TokenStream, access: &str) -> TokenStream {
    let DeriveInput { ident, generics, .. } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let access = Ident::new(access, Span::call_site());
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        impl #parameters ::toolwright::Store for #ident #arguments #bounds {
            type Access = ::toolwright::#access;
        }
        impl #parameters ::toolwright::Serves<::toolwright::#access> for #ident #arguments #bounds {}
    }
}
