//! A message of any bytes: what is JSON for `serde_json` is JSON for the envelope's parser, and the reverse.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolwright::{ErrorCode, fuzzing};

fuzz_target!(|body: &[u8]| {
    let refused = fuzzing::envelope(body).err();
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(_) => assert_ne!(refused, Some(ErrorCode::ParseError)),
        Err(_) => assert!(matches!(refused, Some(ErrorCode::ParseError | ErrorCode::InvalidRequest)), "{refused:?}"),
    }
});
