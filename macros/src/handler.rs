//! A handler's signature, read.

use proc_macro2::{Span, TokenStream};
use syn::{FnArg, Ident, ItemFn, ReturnType, Type, spanned::Spanned};

/// What the signature of a handler says.
pub(crate) struct Handler {
    pub(crate) function: ItemFn,
    /// Name of the tool, with the span of what named it.
    pub(crate) tool: Ident,
    /// The type behind the first parameter's reference.
    pub(crate) store: Type,
    /// Where the call is taken, if it is.
    pub(crate) call: Option<Span>,
    /// The type of the input, if it is taken.
    pub(crate) input: Option<Type>,
    /// Span of the answer's type.
    pub(crate) output: Span,
}

/// A fault in a handler, and what is known nevertheless, so that one fault is one error.
pub(crate) struct Faulty {
    pub(crate) error: syn::Error,
    pub(crate) tool: Option<Ident>,
    pub(crate) store: Option<Type>,
}

/// Reads the attribute's arguments and the function under it.
pub(crate) fn read(arguments: TokenStream, function: &TokenStream) -> Result<Handler, Box<Faulty>> {
    let function: ItemFn = syn::parse2(function.clone()).map_err(|error| {
        let error = syn::Error::new(error.span(), format!("#[mcp_tool] goes on a function: {error}"));
        Faulty { error, tool: None, store: None }
    })?;
    let tool = if arguments.is_empty() {
        function.sig.ident.clone()
    } else {
        syn::parse2(arguments).map_err(|error| {
            let wanted = "#[mcp_tool] takes nothing, or the name of the tool: #[mcp_tool(cancel_run)]";
            Faulty { error: syn::Error::new(error.span(), wanted), tool: None, store: None }
        })?
    };
    match (store(&function), signature(&function)) {
        (Store::Referred(store), Ok((call, input, output))) => {
            Ok(Handler { function, tool, store, call, input, output })
        }
        (Store::Referred(store), Err(error)) => Err(Faulty { error, tool: Some(tool), store: Some(store) }.into()),
        (Store::Faulty { error, store }, _) => Err(Faulty { error, tool: Some(tool), store }.into()),
    }
}

/// What the first parameter says.
enum Store {
    /// The type behind its reference.
    Referred(Type),
    /// It is no reference; the type is the one that was probably meant.
    Faulty { error: syn::Error, store: Option<Type> },
}

fn store(function: &ItemFn) -> Store {
    let wanted = "the first parameter of a tool's handler is its store, by reference: `store: &ReadStore`";
    let (at, store) = match function.sig.inputs.first() {
        Some(FnArg::Typed(parameter)) => match &*parameter.ty {
            Type::Reference(reference) if reference.mutability.is_none() => {
                return Store::Referred((*reference.elem).clone());
            }
            Type::Reference(reference) => (reference.span(), Some((*reference.elem).clone())),
            other => (other.span(), Some(other.clone())),
        },
        Some(receiver) => (receiver.span(), None),
        None => (function.sig.ident.span(), None),
    };
    Store::Faulty { error: syn::Error::new(at, wanted), store }
}

type Rest = (Option<Span>, Option<Type>, Span);

fn signature(function: &ItemFn) -> syn::Result<Rest> {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        return Err(syn::Error::new(
            signature.fn_token.span(),
            format!("the handler of a tool is async: `async fn {}`", signature.ident),
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new(
            signature.generics.span(),
            "the handler of a tool has no generic parameters: its store and its input are fixed types",
        ));
    }
    let ReturnType::Type(_, output) = &signature.output else {
        return Err(syn::Error::new(
            signature.ident.span(),
            format!("the handler of a tool answers with `Result<{}::Output, ToolError>`", signature.ident),
        ));
    };
    let mut call = None;
    let mut input = None;
    for parameter in signature.inputs.iter().skip(1) {
        let FnArg::Typed(parameter) = parameter else { continue };
        match &*parameter.ty {
            Type::Reference(_) if call.is_none() && input.is_none() => call = Some(parameter.ty.span()),
            Type::Reference(_) => {
                return Err(syn::Error::new(
                    parameter.span(),
                    "the handler of a tool takes its store, then `call: &Call`, then its input by value",
                ));
            }
            value if input.is_none() => input = Some(value.clone()),
            _ => {
                return Err(syn::Error::new(parameter.span(), "the handler of a tool takes one input"));
            }
        }
    }
    Ok((call, input, output.span()))
}
