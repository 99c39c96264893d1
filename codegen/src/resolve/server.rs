//! The server itself, its credential and its groups.

use toolwright_core::client::{LONGEST_NAME, is_name};

use super::{
    Called, Faults, bindings,
    declared::{Named, Sections},
    grants, oauth,
    scopes::ResolvedScopes,
    tools::ResolvedTool,
    upstream, urls,
};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::{
        Credential, Group, Name, Text,
        server::{Listing, NotifiedList, Server, Verify},
    },
    names,
    source::Spanned,
};

const BODY_BYTES: u64 = 1 << 20;
const CALL_SECONDS: u64 = 60;

/// How long the audit log is kept: 90 days.
const AUDIT_SECONDS: u64 = 90 * 86_400;

/// Fewest random characters of a credential: 22 of 62 characters hold 131 bits.
const SHORTEST_CREDENTIAL: u64 = 22;

/// The longest that a credential can live by default, in seconds: a hundred years.
const LONGEST_LIFETIME: u64 = 100 * 365 * 86_400;

/// What the server is called.
pub(crate) fn called(declared: &Declared) -> Option<Called> {
    let server = declared.manifest.server.as_ref()?.good()?;
    Some(Called { name: server.name.clone(), key: server.key.as_ref().unwrap_or(&server.name).clone() })
}

/// What the server is called, where it is, and what it allows.
pub(crate) fn identity(declared: &Declared, faults: &mut Faults) -> Option<api::Server> {
    let server = declared.manifest.server.as_ref()?.good()?;
    if let Err(refusal) = names::server(&server.name) {
        faults.refuse(&server.name, refusal);
    }
    let key = server.key.as_ref().unwrap_or(&server.name);
    if server.key.is_some() && !is_name(key) {
        let title = format!("{} is not a key that a server can have", quoted(key));
        let help = format!("use letters, digits, hyphens and underscores, at most {LONGEST_NAME} characters");
        faults.push(Diagnostic::new(Code::InvalidName, key.at, title).help(help));
    }
    check_version(&server.version, faults);
    check_line(&server.title, faults);
    check_redacted(&server.redact, faults);
    let binding = bindings::resolve(declared, &server.endpoint, faults);
    let urls::Endpoint { url, path, route } = urls::endpoint(&server.endpoint, binding.as_ref(), faults);
    let gateway = server.stdio.gateway.as_ref().map(|gateway| api::Gateway {
        env: gateway.env.value.clone(),
        example: urls::gateway_example(gateway, &url, &path, faults),
    });
    let text = |text: &Text| text.value.clone();
    Some(api::Server {
        name: server.name.value.clone(),
        package: names::package(&server.name),
        key: key.value.clone(),
        title: text(&server.title),
        version: text(&server.version),
        description: text(&server.description),
        instructions: server.instructions.as_ref().map(text),
        endpoint: url,
        path,
        route,
        binding,
        listing: match server.listing {
            Listing::Granted => api::Listing::Granted,
            Listing::All => api::Listing::All,
            Listing::Gated => api::Listing::Gated,
        },
        notifies: notifies(server, faults),
        redact: server.redact.iter().map(|name| name.value.clone()).collect(),
        body_bytes: server.limits.body_bytes.unwrap_or(BODY_BYTES),
        call_seconds: server.limits.call_seconds.unwrap_or(CALL_SECONDS),
        calls_per_minute: server.limits.calls_per_minute,
        calls_in_flight: server.limits.calls_in_flight,
        audit: audit(server, declared, faults),
        gateway,
    })
}

/// The lists that can change, each once.
fn notifies(server: &Server, faults: &mut Faults) -> Vec<api::NotifiedList> {
    faults.check_once(server.notifies.iter().map(|list| (list.value.as_str(), list.at)));
    let list = |list: &Spanned<NotifiedList>| match list.value {
        NotifiedList::Tools => api::NotifiedList::Tools,
        NotifiedList::Prompts => api::NotifiedList::Prompts,
        NotifiedList::Resources => api::NotifiedList::Resources,
    };
    server.notifies.iter().map(list).collect()
}

/// A list that can change is one that the server has.
pub(crate) fn check_notices(declared: &Declared, sections: &Sections<'_>, faults: &mut Faults) {
    let Some(server) = declared.manifest.server.as_ref().and_then(|section| section.good()) else { return };
    for list in &server.notifies {
        let is_empty = match list.value {
            NotifiedList::Tools => false,
            NotifiedList::Prompts => sections.prompts.entries.is_empty(),
            NotifiedList::Resources => sections.resources.entries.is_empty(),
        };
        if is_empty {
            let title = format!("the list of {} cannot change: the server has none", list.value.as_str());
            faults.push(Diagnostic::new(Code::InvalidServer, list.at, title).help("remove it from `notifies`"));
        }
    }
}

/// What is recorded of calls: by whoever keeps tokens also where nothing says so.
fn audit(server: &Server, declared: &Declared, faults: &mut Faults) -> Option<api::Audit> {
    let credential = declared.manifest.credential.as_ref().and_then(|section| section.good());
    let keeps_tokens = credential.is_some_and(|credential| credential.verify.value == Verify::Tokens);
    let Some(declared) = &server.audit else {
        return keeps_tokens.then_some(api::Audit { keep_seconds: AUDIT_SECONDS, arguments: false });
    };
    let keep = declared.keep.as_ref();
    if let Some(keep) = keep.filter(|keep| seconds(keep).is_none()) {
        let title = format!("{} is no time to keep records for", quoted(keep));
        let help = "use a number of hours, days or weeks up to 36500 days, as `90d`";
        faults.push(Diagnostic::new(Code::InvalidServer, keep.at, title).help(help));
    }
    let keep_seconds = keep.map_or(Some(AUDIT_SECONDS), |keep| seconds(keep)).unwrap_or_default();
    Some(api::Audit { keep_seconds, arguments: declared.arguments })
}

/// A name is told in every notation, so that two of them can be one.
fn check_redacted(redacted: &[Name], faults: &mut Faults) {
    let folded: Vec<String> = redacted.iter().map(|name| names::words(name).concat()).collect();
    for (name, _) in redacted.iter().zip(&folded).filter(|(_, folded)| folded.is_empty()) {
        let title = format!("{} is no name of a property", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidName, name.at, title).help("use letters and digits, as in `access_key`"),
        );
    }
    faults.check_once(folded.iter().map(String::as_str).zip(redacted.iter().map(|name| name.at)));
}

fn check_version(version: &Text, faults: &mut Faults) {
    if let Err(error) = semver::Version::parse(version) {
        let title = format!("{} is no version: {error}", quoted(version));
        faults.push(
            Diagnostic::new(Code::InvalidServer, version.at, title)
                .help("use Semantic Versioning, three numbers with dots, as `1.0.0`"),
        );
    }
}

/// A title stands in headings and tables, where a second line would break the page.
pub(crate) fn check_line(title: &Text, faults: &mut Faults) {
    if title.contains('\n') {
        faults.push(
            Diagnostic::new(Code::InvalidName, title.at, "this text has to fit into one line")
                .help("fold it with `>-`, or shorten it"),
        );
    }
}

/// What callers present.
pub(crate) fn credential(
    declared: &Declared,
    scopes: &ResolvedScopes<'_, '_>,
    faults: &mut Faults,
) -> Option<api::Credential> {
    let credential = declared.manifest.credential.as_ref()?.good()?;
    check_line(&credential.name, faults);
    check_line(&credential.abbreviation, faults);
    check_line(&credential.create_at, faults);
    let form = form(credential, faults);
    let verify = verify(credential, form, declared, scopes, faults);
    Some(api::Credential {
        name: credential.name.value.clone(),
        abbreviation: credential.abbreviation.value.clone(),
        env: credential.env.value.clone(),
        create_at: credential.create_at.value.clone(),
        verify: verify?,
    })
}

/// What every credential looks like, where that is not an issuer's business.
fn form(credential: &Credential, faults: &mut Faults) -> Option<api::Form> {
    let Credential { prefix, length, verify, .. } = credential;
    let is_issuers = matches!(verify.value, Verify::Jwt | Verify::Introspection);
    let parts =
        [("prefix", prefix.as_ref().map(|prefix| prefix.at)), ("length", length.as_ref().map(|length| length.at))];
    let [declared, absent] = [true, false].map(|is| parts.iter().filter(move |(_, at)| at.is_some() == is));
    if is_issuers {
        for (key, at) in declared.filter_map(|(key, at)| Some((key, (*at)?))) {
            let title = format!("`{key}` says what credentials look like that an issuer gives");
            let fault = Diagnostic::new(Code::InvalidCredential, at, title).and(verify.at, "whose they are");
            faults.push(fault.help(format!("remove `{key}`")));
        }
        return None;
    }
    let absent: Vec<_> = absent.map(|(key, _)| format!("`{key}`")).collect();
    if !absent.is_empty() {
        let title = format!("nothing says the {} of the credentials", absent.join(" and the "));
        let help = "add it, as `prefix: acme_` and `length: 40`: a leaked credential can then be recognised";
        faults.push(Diagnostic::new(Code::InvalidCredential, verify.at, title).help(help));
    }
    if let Some(prefix) = prefix {
        check_prefix(prefix, faults);
    }
    if let Some(length) = length.as_ref().filter(|length| length.value < SHORTEST_CREDENTIAL) {
        let title = format!("{} random characters can be guessed", length.value);
        let help = "use at least 22, which hold 128 bits; 40 is a good length";
        faults.push(Diagnostic::new(Code::InvalidCredential, length.at, title).help(help));
    }
    Some(api::Form { prefix: prefix.as_ref()?.value.clone(), length: length.as_ref()?.value })
}

fn check_prefix(prefix: &Name, faults: &mut Faults) {
    let lower = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '_' | '-');
    if !prefix.starts_with(|first: char| first.is_ascii_lowercase())
        || !prefix.ends_with(['_', '-'])
        || !prefix.chars().all(lower)
    {
        let title = format!("{} is not a prefix that a credential can have", quoted(prefix));
        let help = "use lowercase letters, digits, underscores and hyphens, with `_` or `-` at the end, as `acme_`";
        faults.push(Diagnostic::new(Code::InvalidCredential, prefix.at, title).help(help));
    }
}

/// Who checks a credential.
fn verify(
    credential: &Credential,
    form: Option<api::Form>,
    declared: &Declared,
    scopes: &ResolvedScopes<'_, '_>,
    faults: &mut Faults,
) -> Option<api::Verify> {
    let password_grant = credential.password_grant.as_ref();
    let password_grant = password_grant.map(|grant| grants::resolve(grant, credential, declared, scopes, faults));
    upstream::check_place(credential, faults);
    oauth::check_place(credential, declared, faults);
    match credential.verify.value {
        Verify::Tokens => {
            let lifetime_seconds = lifetime(credential, faults).unwrap_or_default();
            Some(api::Verify::Tokens(api::Tokens { form: form?, lifetime_seconds, password_grant }))
        }
        Verify::Upstream => {
            let upstream = credential.upstream.as_ref()?;
            upstream::resolve(upstream, form, declared, faults).map(api::Verify::Upstream)
        }
        Verify::Jwt => Some(api::Verify::Jwt(oauth::jwt(credential.oauth.as_ref()?, scopes, faults))),
        Verify::Introspection => {
            oauth::introspection(credential.oauth.as_ref()?, scopes, faults).map(api::Verify::Introspection)
        }
    }
}

/// How long the server's own credentials live.
fn lifetime(credential: &Credential, faults: &mut Faults) -> Option<u64> {
    let Some(lifetime) = &credential.lifetime else {
        let title = "nothing says how long a credential lives that the server creates";
        let help = "add `lifetime`: a number of minutes, hours, days or weeks, as `90d` or `12h`";
        faults.push(Diagnostic::new(Code::InvalidCredential, credential.verify.at, title).help(help));
        return None;
    };
    let seconds = seconds(lifetime);
    if seconds.is_none() {
        let title = format!("{} is no lifetime", quoted(lifetime));
        let help = "use a number of minutes, hours, days or weeks up to 36500 days, as `90d` or `12h`";
        faults.push(Diagnostic::new(Code::InvalidCredential, lifetime.at, title).help(help));
    }
    seconds
}

/// A lifetime in seconds.
pub(super) fn seconds(lifetime: &str) -> Option<u64> {
    let seconds = duration(lifetime, &[("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)])?;
    (1..=LONGEST_LIFETIME).contains(&seconds).then_some(seconds)
}

/// A number of one of these units, in seconds.
pub(super) fn duration(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(*size)
}

/// The groups, in the order of the documentation.
pub(crate) fn groups(groups: &Named<'_, Group>, faults: &mut Faults) -> Vec<api::Group> {
    let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_' || char == '-';
    let mut list = Vec::new();
    for (name, group) in &groups.entries {
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(plain) {
            let title = format!("{} is not a name that a group can have", quoted(name));
            let help = "use lowercase letters, digits, hyphens and underscores";
            faults.push(Diagnostic::new(Code::InvalidName, name.at, title).help(help));
        }
        check_line(&group.title, faults);
        list.push(api::Group {
            name: name.value.clone(),
            title: group.title.value.clone(),
            description: group.description.as_ref().map(|text| text.value.clone()),
        });
    }
    list
}

/// A group without a tool would be an empty section.
pub(crate) fn check_group_use(groups: &Named<'_, Group>, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    for (name, _) in &groups.entries {
        if !tools.iter().any(|tool| tool.declared.group.value == name.value) {
            let title = format!("no tool is in the group {}", quoted(name));
            faults.push(Diagnostic::new(Code::UnusedGroup, name.at, title).help("remove it, or put a tool into it"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn lifetimes_have_a_unit() {
        let cases = [
            ("90d", Some(7_776_000)),
            ("12h", Some(43_200)),
            ("30m", Some(1800)),
            ("2w", Some(1_209_600)),
            ("36500d", Some(3_153_600_000)),
            ("36501d", None),
            ("0d", None),
            ("90", None),
            ("d", None),
            ("", None),
            ("-1d", None),
            ("+1d", None),
            ("1y", None),
            ("99999999999999999999d", None),
            ("1ä", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
