//! The promises that only servers before an API can show, or show in their own way.

use toolwright_core::promises::Promise;
use toolwright_tests::promises::{Place, places};

use crate::{redirects, refusals};

/// The tests that hold a promise; none for those that are held elsewhere.
const fn tests_of(promise: Promise) -> &'static [fn()] {
    match promise {
        Promise::PathInArgument => &[redirects::what_a_caller_names_stays_below_the_path],
        Promise::RedirectOfApi => &[redirects::no_redirect_of_a_call_is_followed],
        Promise::WordsOfApi => &[refusals::the_apis_words_are_bounded_and_plain],
        Promise::SecretInText => &[refusals::a_key_is_in_no_log_and_no_answer],
        Promise::SilentApi => {
            &[refusals::an_api_that_drips_ends_too, refusals::an_api_that_is_not_there_is_no_fault_of_a_key]
        }
        Promise::SlowWrite => &[refusals::an_api_that_hangs_ends_with_the_calls_time],
        // `places` decides on every promise by its name.
        _ => &[],
    }
}

#[test]
fn every_promise_of_this_place_has_its_tests() {
    for promise in Promise::ALL {
        let is_here = places(*promise).contains(&Place::Forwarder);
        assert_eq!(is_here, !tests_of(*promise).is_empty(), "{promise:?}: `places` says otherwise");
    }
}
