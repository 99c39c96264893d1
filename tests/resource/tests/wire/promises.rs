//! The promises that only servers with an OAuth issuer can show, or show in their own way.

use toolwright_core::promises::Promise;
use toolwright_tests::promises::{Held, Place, assert_tested, held};

use crate::{challenges, discovery, tokens};

/// The tests that hold a promise; none for those that are held elsewhere.
fn tests_of(promise: Promise) -> Vec<Held> {
    match promise {
        Promise::NoCredential => vec![held(challenges::who_has_no_token_is_told_where_to_sign_in)],
        Promise::MissingScope => {
            vec![held(challenges::who_may_not_is_told_all_that_the_operation_takes_and_may_with_that)]
        }
        Promise::ExpiredCredential | Promise::TokenForAnother | Promise::UnsignedToken => {
            vec![held(tokens::a_token_that_is_not_good_is_refused)]
        }
        Promise::SignInMetadata => vec![held(discovery::the_metadata_says_who_the_server_is_and_where_to_sign_in)],
        // `places` decides on every promise by its name, and `is_due` by who makes it.
        _ => vec![],
    }
}

#[test]
fn every_promise_of_this_place_has_its_tests() {
    assert_tested(Place::Resource, env!("CARGO_MANIFEST_DIR"), tests_of);
}
