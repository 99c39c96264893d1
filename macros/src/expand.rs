//! From a handler's signature to its implementation of `toolwright::Handle`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::handler::{self, Faulty, Handler};

pub(crate) fn mcp_tool(arguments: TokenStream, function: TokenStream) -> TokenStream {
    match handler::read(arguments, function.clone()) {
        Ok(handler) => implementation(&handler),
        Err(faulty) => stand_in(&faulty, &function),
    }
}

/// The function and the implementation that calls it. Both go through the generated lookup, which
/// passes them on when the tool is declared, and else replaces them with one error.
fn implementation(handler: &Handler) -> TokenStream {
    let Handler { function, tool, store, call, input, output } = handler;
    let name = &function.sig.ident;
    let call_argument = call.map(|span| quote_spanned!(span=> call,));
    let input_argument = input.as_ref().map(|input| quote_spanned!(input.span()=> input,));
    let unused_call = call.is_none().then(|| quote!(let _ = call;));
    let unused_input = input.is_none().then(|| quote!(let _ = input;));
    let declared = quote_spanned!(tool.span()=> declared_tool!);
    let answer = quote_spanned! {*output=>
        let output: <#tool::Tool as ::toolwright::Tool>::Output = answer?;
    };
    quote! {
        #declared { #tool =>
            #function

            impl ::toolwright::Handle<#tool::Tool> for #store {
                fn handle<'a>(
                    &'a self,
                    call: &'a ::toolwright::Call,
                    input: <#tool::Tool as ::toolwright::Tool>::Input,
                ) -> impl ::core::future::Future<
                    Output = ::core::result::Result<<#tool::Tool as ::toolwright::Tool>::Output, ::toolwright::ToolError>,
                > + ::core::marker::Send + 'a {
                    #unused_call
                    #unused_input
                    async move {
                        let answer = #name(self, #call_argument #input_argument).await;
                        #answer
                        ::core::result::Result::Ok(output)
                    }
                }
            }
        }
    }
}

/// The error, the function as written, and an implementation that is never run: the constructor
/// must not complain of a missing handler beside the real fault.
fn stand_in(faulty: &Faulty, function: &TokenStream) -> TokenStream {
    let Faulty { error, tool, store } = faulty;
    let error = error.to_compile_error();
    let implementation = tool.as_ref().zip(store.as_ref()).map(|(tool, store)| {
        quote! {
            impl ::toolwright::Handle<#tool::Tool> for #store {
                async fn handle<'a>(
                    &'a self,
                    _: &'a ::toolwright::Call,
                    _: <#tool::Tool as ::toolwright::Tool>::Input,
                ) -> ::core::result::Result<<#tool::Tool as ::toolwright::Tool>::Output, ::toolwright::ToolError> {
                    ::core::unreachable!()
                }
            }
        }
    });
    quote!(#error #function #implementation)
}
