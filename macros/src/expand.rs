//! From a handler's signature to its implementation of `toolwright::Handle`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::handler::{self, Faulty, Handler};

pub(crate) fn mcp_tool(arguments: TokenStream, function: &TokenStream) -> TokenStream {
    match handler::read(arguments, function) {
        Ok(handler) => implementation(&handler),
        Err(faulty) => stand_in(&faulty, function),
    }
}

/// The function as written, and the implementation that calls it.
fn implementation(handler: &Handler) -> TokenStream {
    let Handler { function, tool, store, call, input, output } = handler;
    let name = &function.sig.ident;
    // A tool may be called `call` or `input`: these names of ours must not hide its function.
    let ours = |name: &str, at: Span| Ident::new(name, at.resolved_at(Span::mixed_site()));
    let (call_name, input_name) = (ours("call", Span::call_site()), ours("input", Span::call_site()));
    let call_argument = call.map(|span| ours("call", span));
    let input_argument = input.as_ref().map(|input| ours("input", input.span()));
    let arguments = call_argument.iter().chain(&input_argument);
    let unused_call = call.is_none().then(|| quote!(let _ = #call_name;));
    let unused_input = input.is_none().then(|| quote!(let _ = #input_name;));
    let answer = quote_spanned! {*output=>
        #[allow(clippy::useless_conversion, reason = "the handler may answer with another error")]
        let output: <#tool::Tool as ::toolwright::Tool>::Output = match answer {
            ::core::result::Result::Ok(output) => output,
            ::core::result::Result::Err(error) => {
                return ::core::result::Result::Err(::core::convert::From::from(error));
            }
        };
    };
    let body = quote_spanned! {name.span()=>
        async move {
            let answer = #name(self #(, #arguments)*).await;
            #answer
            ::core::result::Result::Ok(output)
        }
    };
    let future = quote_spanned! {name.span()=>
        impl ::core::future::Future<
            Output = ::core::result::Result<<#tool::Tool as ::toolwright::Tool>::Output, ::toolwright::ToolError>,
        > + ::core::marker::Send + 'a
    };
    let handler = quote! {
        #function

        impl ::toolwright::Handle<#tool::Tool> for #store {
            fn handle<'a>(
                &'a self,
                #call_name: &'a ::toolwright::Call,
                #input_name: <#tool::Tool as ::toolwright::Tool>::Input,
            ) -> #future {
                #unused_call
                #unused_input
                #body
            }
        }
    };
    if_declared(tool, &handler)
}

/// The generated lookup passes the handler on when the tool is declared, and else replaces it with
/// one error. The whole invocation has the span of the tool's name, so that the error has it too.
fn if_declared(tool: &Ident, handler: &TokenStream) -> TokenStream {
    let mut body = Group::new(Delimiter::Brace, quote!(#tool => #handler));
    body.set_span(tool.span());
    quote_spanned!(tool.span()=> declared_tool! #body)
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
