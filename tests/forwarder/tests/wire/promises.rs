//! The promises that only servers before an API can show, or show in their own way.

use toolwright_core::promises::Promise;
use toolwright_tests::promises::{Held, Place, assert_tested, held};

use crate::{redirects, refusals};

/// The tests that hold a promise; none for those that are held elsewhere.
fn tests_of(promise: Promise) -> Vec<Held> {
    match promise {
        Promise::PathInArgument => vec![held(redirects::what_a_caller_names_stays_below_the_path)],
        Promise::RedirectOfApi => vec![held(redirects::no_redirect_of_a_call_is_followed)],
        Promise::WordsOfApi => vec![held(refusals::the_apis_words_are_bounded_and_plain)],
        Promise::SecretInText => vec![held(refusals::a_key_is_in_no_log_and_no_answer)],
        Promise::SilentApi => {
            vec![
                held(refusals::an_api_that_drips_ends_too),
                held(refusals::an_api_that_is_not_there_is_no_fault_of_a_key),
            ]
        }
        Promise::SlowWrite => vec![held(refusals::an_api_that_hangs_ends_with_the_calls_time)],
        // `places` decides on every promise by its name, and `is_due` by who makes it.
        _ => vec![],
    }
}

#[test]
fn every_promise_of_this_place_has_its_tests() {
    assert_tested(Place::Forwarder, env!("CARGO_MANIFEST_DIR"), tests_of);
}
