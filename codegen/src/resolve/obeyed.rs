//! What the grammar has and this version does not obey. A field that is silently ignored would be a
//! promise that nobody keeps, so each is a fault; to obey one is to delete its row.

use super::{Faults, declared::Sections};
use crate::{
    diagnostic::{Code, Diagnostic},
    load::Declared,
    manifest::server::Verify,
    source::{Place, Spanned},
};

/// A part of the grammar without effect.
struct Row {
    /// What it is called.
    what: &'static str,
    /// Where it is used.
    find: fn(&Declared, &Sections<'_>) -> Vec<Place>,
    /// What to do.
    help: &'static str,
}

const NOT_OBEYED: &[Row] = &[Row {
    what: "a verifier that reads tokens of an issuer",
    find: |declared, _| {
        let credential = declared.manifest.credential.as_ref().and_then(|section| section.good());
        let verify = credential.map(|credential| &credential.verify);
        let is_issuers = |verify: &&Spanned<Verify>| matches!(verify.value, Verify::Jwt | Verify::Introspection);
        verify.filter(is_issuers).map(|verify| verify.at).into_iter().collect()
    },
    help: "use `verify: tokens`, where the server creates and checks its own credentials, or `verify: upstream`, where an API does",
}];

/// What is not obeyed, and what to do instead.
pub(crate) fn not_obeyed() -> impl Iterator<Item = (&'static str, &'static str)> {
    NOT_OBEYED.iter().map(|row| (row.what, row.help))
}

/// A fault for every use of what is not obeyed.
pub(crate) fn check(declared: &Declared, sections: &Sections<'_>, faults: &mut Faults) {
    for row in NOT_OBEYED {
        for at in (row.find)(declared, sections) {
            faults.push(
                Diagnostic::new(Code::NotObeyedYet, at, format!("this version does not obey {} yet", row.what))
                    .label("has no effect")
                    .help(row.help),
            );
        }
    }
}
