//! What calls are about: what the endpoint's path names, or what the credential reaches.

use serde_json::json;

use super::{Faults, fields::ResolvedField, server::check_line};
use crate::{
    api::{self, Type},
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    load::Declared,
    manifest::{
        self, Name, Text,
        server::{BindingSource, Feature, Verify},
    },
    names,
    source::Spanned,
    types::Property,
};

const NOT_FOUND: u64 = 404;
const FORBIDDEN: u64 = 403;

/// What calls are about: one thing at most.
pub(crate) fn resolve(declared: &Declared, endpoint: &Text, faults: &mut Faults) -> Option<api::Binding> {
    let placeholder = match placeholder(endpoint) {
        Ok(placeholder) => placeholder,
        Err((why, help)) => {
            let title = format!("the endpoint {} {why}", quoted(endpoint));
            faults.push(Diagnostic::new(Code::InvalidBinding, endpoint.at, title).help(help));
            return None;
        }
    };
    let bindings: Vec<_> = declared.manifest.bindings.good()?.iter().collect();
    let read: Vec<Read<'_>> = bindings.iter().filter_map(|(name, binding)| Some((name, binding.good()?))).collect();
    let known: Vec<&str> = bindings.iter().map(|(name, _)| name.value.as_str()).collect();
    let from_path = of_path(placeholder, endpoint, &known, &read, faults);
    let others: Vec<Read<'_>> =
        read.into_iter().filter(|(_, binding)| binding.from.value != BindingSource::Path).collect();
    let (first, others) = match (from_path, others.as_slice()) {
        (Some(first), others) => (first, others),
        (None, [first, others @ ..]) => (*first, others),
        (None, []) => return None,
    };
    for (name, _) in others {
        let title = format!("calls cannot be about the binding {} as well", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidBinding, name.at, title)
                .and(first.0.at, "the other binding")
                .help("leave one, of what every call is about; tools take the rest as arguments"),
        );
    }
    let (name, binding) = first;
    Some(one(name, binding, declared, faults))
}

/// A binding that could be read.
type Read<'m> = (&'m Name, &'m manifest::Binding);

/// The binding whose value the endpoint's path holds.
fn of_path<'m>(
    placeholder: Option<&str>,
    endpoint: &Text,
    known: &[&str],
    read: &[Read<'m>],
    faults: &mut Faults,
) -> Option<Read<'m>> {
    let from_path = read.iter().filter(|(_, binding)| binding.from.value == BindingSource::Path).copied();
    let Some(placeholder) = placeholder else {
        for (name, _) in from_path {
            let title = format!("the endpoint has no place for the binding {}", quoted(name));
            faults.push(
                Diagnostic::new(Code::InvalidBinding, name.at, title)
                    .and(endpoint.at, "the endpoint")
                    .help(format!("put it into the path, as in `https://api.example.com/{{{}}}/mcp`", name.value)),
            );
        }
        return None;
    };
    if !known.contains(&placeholder) {
        let title = format!("no binding is called {}, which the endpoint has a place for", quoted(placeholder));
        let help = suggestion(placeholder, known.iter().copied()).unwrap_or_else(|| {
            format!("declare it: `bindings: {{{placeholder}: {{from: path, placeholder: …, description: …}}}}`")
        });
        faults.push(Diagnostic::new(Code::InvalidBinding, endpoint.at, title).help(help));
        return None;
    }
    let is_elsewhere =
        |(name, binding): &&Read<'_>| name.value == placeholder && binding.from.value != BindingSource::Path;
    if let Some((name, binding)) = read.iter().find(is_elsewhere) {
        let title = format!("the endpoint has a place for {}, which does not come from the path", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidBinding, endpoint.at, title)
                .and(binding.from.at, "it comes from elsewhere")
                .help("leave the place out of the endpoint, or use `from: path`"),
        );
    }
    let (bound, others): (Vec<_>, Vec<_>) = from_path.partition(|(name, _)| name.value == placeholder);
    for (name, _) in others {
        let title = format!("the path cannot hold the binding {} as well", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidBinding, name.at, title)
                .and(endpoint.at, "the endpoint")
                .help("leave it out; tools take what else they are about as arguments"),
        );
    }
    bound.into_iter().next()
}

/// The name of the placeholder in an endpoint, if it has one.
///
/// # Errors
/// What is wrong with the placeholder, and what to do.
fn placeholder(endpoint: &str) -> Result<Option<&str>, (&'static str, &'static str)> {
    const EXAMPLE: &str = "make it a whole part of the path, as in `https://api.example.com/{account}/mcp`";
    let Some((before, rest)) = endpoint.split_once('{') else {
        return if endpoint.contains('}') {
            Err(("closes a placeholder that it does not open", EXAMPLE))
        } else {
            Ok(None)
        };
    };
    let Some((name, after)) = rest.split_once('}') else {
        return Err(("opens a placeholder and does not close it", EXAMPLE));
    };
    if name.is_empty() || name.contains('{') || before.contains('}') {
        return Err(("has a placeholder without a name", EXAMPLE));
    }
    if after.contains(['{', '}']) {
        return Err((
            "has more than one placeholder",
            "leave one, of what every call is about; tools take the rest as arguments",
        ));
    }
    if before.contains(['?', '#']) {
        return Err(("has a placeholder after its path", EXAMPLE));
    }
    let host = before.split_once("://").map_or(before, |(_, rest)| rest);
    if !host.contains('/') {
        return Err((
            "has a placeholder in its host",
            "put it into the path: the server cannot see which name it was asked by",
        ));
    }
    if !before.ends_with('/') || !(after.is_empty() || after.starts_with('/')) {
        return Err(("has a placeholder that is only a piece of a part of the path", EXAMPLE));
    }
    if host.matches('/').count() == 1 && after.is_empty() {
        return Err((
            "has a path that is nothing but a placeholder, and would take those of the server itself",
            EXAMPLE,
        ));
    }
    Ok(Some(name))
}

fn one(name: &Name, binding: &manifest::Binding, declared: &Declared, faults: &mut Faults) -> api::Binding {
    let accessor = names::binding(name).unwrap_or_else(|refusal| {
        faults.refuse(name, refusal);
        name.value.clone()
    });
    check_line(&binding.description, faults);
    api::Binding {
        name: name.value.clone(),
        accessor,
        description: binding.description.value.clone(),
        from: match binding.from.value {
            BindingSource::Path => api::BindingSource::Path(account(name, binding, faults)),
            BindingSource::Credential => {
                check_reached(name, binding, declared, faults);
                api::BindingSource::Credential
            }
            BindingSource::Argument => {
                check_reached(name, binding, declared, faults);
                api::BindingSource::Argument
            }
        },
    }
}

/// What the path names is an account, which the server keeps itself.
fn account(name: &Name, binding: &manifest::Binding, faults: &mut Faults) -> api::Account {
    match &binding.placeholder {
        None => faults.push(
            Diagnostic::new(
                Code::InvalidBinding,
                name.at,
                format!("nothing says what stands for the binding {} in the documentation", quoted(name)),
            )
            .help("add `placeholder`, as `placeholder: YOUR_ACCOUNT_ID`"),
        ),
        Some(placeholder) if !is_plain(placeholder) => {
            let title = format!("{} is no placeholder that a URL can hold", quoted(placeholder));
            let help = "use letters, digits, hyphens and underscores, as `YOUR_ACCOUNT_ID`";
            faults.push(Diagnostic::new(Code::InvalidBinding, placeholder.at, title).help(help));
        }
        Some(_) => {}
    }
    let mut status = |status: &Option<Spanned<u64>>, allowed: &[u64], help: &str| {
        if let Some(status) = status.as_ref().filter(|status| !allowed.contains(&status.value)) {
            let title = format!("the server cannot answer {} here", status.value);
            faults.push(Diagnostic::new(Code::InvalidBinding, status.at, title).help(help));
        }
    };
    status(&binding.unknown, &[NOT_FOUND], "use 404, or leave it out");
    status(&binding.foreign, &[FORBIDDEN, NOT_FOUND], "use 403, or 404 to hide that there is such a value");
    api::Account {
        // Whatever is wrong with it is said: the endpoint has no other fault for it.
        placeholder: binding.placeholder.as_ref().filter(|text| is_plain(text)).map_or(name, |text| text).value.clone(),
        hides_foreign: binding.foreign.as_ref().is_some_and(|status| status.value == NOT_FOUND),
        feature: binding.feature.as_ref().map(|feature| feature_of(feature, faults)),
    }
}

/// What the credential reaches is known to who checks it, and has no place in the endpoint.
fn check_reached(name: &Name, binding: &manifest::Binding, declared: &Declared, faults: &mut Faults) {
    let manifest::Binding { from, placeholder, unknown, foreign, description: _, feature } = binding;
    let of_path = [
        ("placeholder", placeholder.as_ref().map(|text| text.at)),
        ("unknown", unknown.as_ref().map(|status| status.at)),
        ("foreign", foreign.as_ref().map(|status| status.at)),
        ("feature", feature.as_ref().map(|feature| feature.flag.at)),
    ];
    for (key, at) in of_path.into_iter().filter_map(|(key, at)| Some((key, at?))) {
        faults.push(
            Diagnostic::new(Code::InvalidBinding, at, format!("`{key}` belongs to a binding from the path"))
                .and(from.at, "this one comes from elsewhere")
                .help(format!("remove `{key}`")),
        );
    }
    let credential = declared.manifest.credential.as_ref().and_then(|section| section.good());
    if let Some(credential) = credential.filter(|credential| credential.verify.value != Verify::Upstream) {
        let title = format!("nothing tells which values of the binding {} a credential reaches", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidBinding, from.at, title)
                .and(credential.verify.at, "knows of none")
                .help("use `verify: upstream`, whose answers can have them, or `from: path`"),
        );
    }
}

/// The argument that names what a call is about, if there is one.
pub(crate) struct Argument<'m> {
    name: &'m Name,
    binding: &'m manifest::Binding,
}

impl<'m> Argument<'m> {
    pub(crate) fn of(declared: &'m Declared) -> Option<Self> {
        let bindings = declared.manifest.bindings.good()?;
        let mut read = bindings.iter().filter_map(|(name, binding)| Some((name, binding.good()?)));
        let (name, binding) = read.find(|(_, binding)| binding.from.value == BindingSource::Argument)?;
        Some(Self { name, binding })
    }

    /// What a tool takes that asks for a scope. One that declares an argument of this name is at fault.
    pub(crate) fn add_to(&self, tool: &Name, declared: &[ResolvedField<'_>], faults: &mut Faults) -> ResolvedArgument {
        if let Some(field) = declared.iter().find(|field| field.name.value == self.name.value) {
            let title = format!("{} has the argument {} already, from the binding", quoted(tool), quoted(field.name));
            faults.push(
                Diagnostic::new(Code::InvalidBinding, field.name.at, title)
                    .and(self.name.at, "the binding")
                    .help("remove the argument: every tool that asks for a scope has it, and `call` has the value"),
            );
        }
        let description = self.binding.description.value.clone();
        ResolvedArgument {
            property: Property {
                wire: self.name.value.clone(),
                of: Type::String,
                required: false,
                schema: json!({"type": "string", "minLength": 1, "description": description}),
            },
            api: api::Field {
                wire: self.name.value.clone(),
                rust: self.name.value.clone(),
                description,
                of: Type::String,
                required: false,
                nullable: false,
                default: None,
                boxed: false,
                bounds: "at least 1 character".to_owned(),
            },
        }
    }
}

/// An argument that the runtime reads.
pub(crate) struct ResolvedArgument {
    pub(crate) api: api::Field,
    pub(crate) property: Property,
}

fn feature_of(feature: &Feature, faults: &mut Faults) -> api::Feature {
    let Feature { flag, message, fix } = feature;
    if !is_plain(flag) {
        let title = format!("{} is not a name that a flag can have", quoted(flag));
        let help = "use letters, digits, hyphens and underscores, as `mcp_server`";
        faults.push(Diagnostic::new(Code::InvalidName, flag.at, title).help(help));
    }
    check_line(message, faults);
    check_line(fix, faults);
    api::Feature { flag: flag.value.clone(), message: message.trim_end_matches('.').to_owned(), fix: fix.value.clone() }
}

fn is_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '-' || char == '_')
        && text.len() <= 64
}

#[cfg(test)]
mod tests {
    use super::placeholder;

    #[test]
    fn a_placeholder_is_a_whole_part_of_the_path() {
        for (endpoint, expected) in [
            ("https://api.example.com/mcp", None),
            ("https://api.example.com/{account}/mcp", Some("account")),
            ("https://api.example.com/v1/{account}", Some("account")),
        ] {
            assert_eq!(placeholder(endpoint), Ok(expected), "{endpoint}");
        }
        for endpoint in [
            "https://api.example.com/{account}",
            "https://{account}.example.com/mcp",
            "https://{account}/mcp",
            "https://{account}",
            "https://api.example.com/x{account}/mcp",
            "https://api.example.com/{account}x/mcp",
            "https://api.example.com/{account}-{project}/mcp",
            "https://api.example.com/{account}/{project}/mcp",
            "https://api.example.com/mcp?account={account}",
            "https://api.example.com/mcp#/{account}",
            "https://api.example.com/{}/mcp",
            "https://api.example.com/{{account}}/mcp",
            "https://api.example.com/{account/mcp",
            "https://api.example.com/account}/mcp",
        ] {
            assert!(placeholder(endpoint).is_err(), "{endpoint}");
        }
    }
}
