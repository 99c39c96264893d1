//! The API that checks credentials: where it is, how it is asked, and what its answer says.

use toolwright_core::address::{Unfit, origin};

use super::{Faults, server::duration, urls::is_plain};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::{
        Binding, Credential, Name,
        server::{BindingSource, Verify},
        upstream::{Answer, AnswerBinding, Upstream},
    },
};

/// The longest that an answer is believed, in seconds: so long a revoked credential can be taken.
const LONGEST_CACHE: u64 = 300;

/// Whether an upstream is declared where one is asked, and what only the server's own credentials have
/// is not.
pub(super) fn check_place(credential: &Credential, faults: &mut Faults) {
    let verify = &credential.verify;
    if verify.value == Verify::Upstream && credential.upstream.is_none() {
        let title = "nothing says which API checks credentials";
        faults.push(
            Diagnostic::new(Code::InvalidUpstream, verify.at, title)
                .help("add `upstream` to the credential, with `origin`, `env`, `check`, `cache` and `answer`"),
        );
    }
    let misplaced = match (verify.value, &credential.upstream, &credential.lifetime) {
        (Verify::Tokens | Verify::Jwt | Verify::Introspection, Some(upstream), _) => (
            upstream.origin.at,
            if verify.value == Verify::Tokens {
                "an API is declared to check credentials, and the server checks them itself"
            } else {
                "an API is declared to check credentials, and they are those of an issuer"
            },
            "remove `upstream`, or use `verify: upstream`",
        ),
        (Verify::Upstream, _, Some(lifetime)) => (
            lifetime.at,
            "a lifetime is given to credentials that another API creates",
            "remove `lifetime`: how long they live is decided there",
        ),
        _ => return,
    };
    let (at, title, help) = misplaced;
    faults.push(Diagnostic::new(Code::InvalidUpstream, at, title).and(verify.at, "who checks them").help(help));
}

pub(super) fn resolve(
    upstream: &Upstream,
    form: Option<api::Form>,
    declared: &Declared,
    faults: &mut Faults,
) -> Option<api::Upstream> {
    let Upstream { origin: declared_origin, env, check, cache, answer } = upstream;
    let mut refuse = |at, title: String, help: &str| {
        faults.push(Diagnostic::new(Code::InvalidUpstream, at, title).help(help));
    };
    let mut plain = String::new();
    match origin(declared_origin, "https://api.example.com") {
        Ok(url) => plain = url.origin().ascii_serialization(),
        Err(Unfit { why, help }) => {
            refuse(declared_origin.at, format!("the origin {} {why}", quoted(declared_origin)), &help);
        }
    }
    if !check.starts_with('/') || !is_plain(check) || check.split('/').any(|part| matches!(part, "." | "..")) {
        let title = format!("the path {} is not one that can be asked", quoted(check));
        let help = "start with a slash, and use letters, digits, `-`, `_`, `.` and `~` between slashes";
        refuse(check.at, title, help);
    }
    let cache_seconds = duration(cache, &[("s", 1), ("m", 60)]).filter(|seconds| (1..=LONGEST_CACHE).contains(seconds));
    if cache_seconds.is_none() {
        let title = format!("{} is not a time for which an answer can be believed", quoted(cache));
        refuse(cache.at, title, "use a number of seconds or minutes from `1s` to `5m`");
    }
    check_bindings(answer, declared, faults);
    let answer = answer_of(answer, faults);
    Some(api::Upstream {
        form: form?,
        origin: plain,
        env: env.value.clone(),
        check: check.value.clone(),
        cache_seconds: cache_seconds.unwrap_or_default(),
        answer,
    })
}

fn answer_of(Answer { id, name, subject, scopes, binding }: &Answer, faults: &mut Faults) -> api::Answer {
    let [id_way, name_way, subject_way] = [id, name, subject].map(|declared| way(declared, faults));
    let grants = match (scopes, binding) {
        (Some(scopes), None) => api::AnswerGrants::Whole(way(scopes, faults)),
        (None, Some(AnswerBinding { each, id, name, scopes, default })) => api::AnswerGrants::Bound {
            each: way(each, faults),
            id: way(id, faults),
            name: name.as_ref().map(|name| way(name, faults)),
            scopes: way(scopes, faults),
            default: default.as_ref().map(|default| way(default, faults)),
        },
        (scopes, _) => {
            let (at, title) = match scopes {
                Some(scopes) => (scopes.at, "scopes belong to the whole credential, and to each value as well"),
                None => (id.at, "nothing says where the answer has the scopes of a credential"),
            };
            let help = "have one of `scopes`, for the whole credential, and `binding`, for each value of it";
            faults.push(Diagnostic::new(Code::InvalidUpstream, at, title).help(help));
            api::AnswerGrants::Whole(Vec::new())
        }
    };
    api::Answer { id: id_way, name: name_way, subject: subject_way, grants }
}

/// The properties that lead to a value.
fn way(declared: &Name, faults: &mut Faults) -> Vec<String> {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if declared.split('.').any(|part| part.is_empty() || !part.chars().all(plain)) {
        let title = format!("{} is no way through an answer", quoted(declared));
        let help = "join names of properties by dots, as `key.id`";
        faults.push(Diagnostic::new(Code::InvalidUpstream, declared.at, title).help(help));
    }
    declared.split('.').map(str::to_owned).collect()
}

/// What calls are about is told by the answer, and by nothing that the server would have to keep.
fn check_bindings(answer: &Answer, declared: &Declared, faults: &mut Faults) {
    // A section that could not be read has its own faults.
    let Some(bindings) = declared.manifest.bindings.good() else { return };
    let read: Option<Vec<(&Name, &Binding)>> =
        bindings.iter().map(|(name, binding)| Some((name, binding.good()?))).collect();
    let Some(bindings) = read else { return };
    for (name, binding) in &bindings {
        if binding.from.value == BindingSource::Path {
            let title =
                format!("the binding {} would be an account of the server's own, and it keeps none", quoted(name));
            let help = "leave it out, or use `verify: tokens`";
            faults.push(Diagnostic::new(Code::InvalidUpstream, name.at, title).help(help));
        } else if answer.binding.is_none() {
            let title = format!("nothing says which values of {} a credential reaches", quoted(name));
            let help = "say in `upstream.answer.binding` where the answer lists them";
            faults.push(Diagnostic::new(Code::InvalidUpstream, name.at, title).help(help));
        }
    }
    if let Some(binding) = &answer.binding
        && bindings.is_empty()
    {
        let title = "the answer lists values of a binding, and none is declared";
        let help = "use `scopes` in its place, or declare the binding";
        faults.push(Diagnostic::new(Code::InvalidUpstream, binding.each.at, title).help(help));
    }
}
