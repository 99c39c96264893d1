//! Language models: one client for every endpoint that speaks OpenAI's chat completions, and the keys
//! that it is used with.

mod base_url;
pub(crate) mod vault;

pub(crate) use base_url::BaseUrl;

/// What a key's secret is sealed for: its account, and where it may be sent. None of the three can be
/// another when it is opened.
pub(crate) fn purpose(account: &str, key_id: &str, base_url: &str) -> Vec<u8> {
    [account, key_id, base_url].iter().flat_map(|part| [part.as_bytes(), b"\0"].concat()).collect()
}
