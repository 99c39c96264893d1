//! The promises that only servers with an OAuth issuer can show, or show in their own way.

use toolwright_core::promises::Promise;
use toolwright_tests::promises::{Place, places};

use crate::{challenges, discovery, tokens};

/// The tests that hold a promise; none for those that are held elsewhere.
const fn tests_of(promise: Promise) -> &'static [fn()] {
    match promise {
        Promise::NoCredential => &[challenges::who_has_no_token_is_told_where_to_sign_in],
        Promise::MissingScope => &[challenges::who_may_not_is_told_all_that_the_operation_takes_and_may_with_that],
        Promise::ExpiredCredential | Promise::TokenForAnother | Promise::UnsignedToken => {
            &[tokens::a_token_that_is_not_good_is_refused]
        }
        Promise::SignInMetadata => &[discovery::the_metadata_says_who_the_server_is_and_where_to_sign_in],
        // `places` decides on every promise by its name.
        _ => &[],
    }
}

#[test]
fn every_promise_of_this_place_has_its_tests() {
    for promise in Promise::ALL {
        let is_here = places(*promise).contains(&Place::Resource);
        assert_eq!(is_here, !tests_of(*promise).is_empty(), "{promise:?}: `places` says otherwise");
    }
}
