//! `Authorization` headers of any bytes, a line each: only one whole credential is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolwright::fuzzing;

fuzz_target!(|lines: &[u8]| {
    let values: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    if let Some(Ok(credential)) = fuzzing::credential(&acme_tools::SERVER, &values) {
        let [value] = values[..] else { panic!("of several headers none is chosen: {values:?}") };
        // Spaces and tabs around a value are none of it (RFC 9110, section 5.5).
        let (scheme, rest) = value.trim_ascii().split_at(b"bearer ".len());
        assert!(scheme.eq_ignore_ascii_case(b"bearer "), "{value:?}");
        assert_eq!(rest.trim_ascii_start(), credential.as_bytes());
        assert!(credential.strip_prefix("acme_").is_some_and(|random| random.len() == 40), "{credential}");
    }
});
