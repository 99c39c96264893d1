//! Where the messages go.

use http::Uri;
use toolwright_core::address::{Unfit, address};

/// The endpoint of the server with an address: the declared path follows that of the address.
///
/// # Errors
/// When a credential cannot be sent there.
pub(super) fn endpoint(server: &str, path: &str) -> Result<Uri, Unfit> {
    let mut url = address(server, "http://localhost:8081")?;
    let whole = format!("{}{path}", url.path().trim_end_matches('/'));
    url.set_path(&whole);
    Uri::try_from(url.as_str())
        .map_err(|error| Unfit { why: format!("cannot be asked: {error}"), help: "use a plain address".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn the_declared_path_follows_the_address() {
        for (server, path, expected) in [
            ("http://localhost:8081", "/mcp", "http://localhost:8081/mcp"),
            ("http://localhost:8081/", "/mcp", "http://localhost:8081/mcp"),
            ("https://Gateway.example:443", "/v1/mcp", "https://gateway.example/v1/mcp"),
            ("https://gateway.example/base", "/mcp", "https://gateway.example/base/mcp"),
            ("https://gateway.example/base//", "/mcp", "https://gateway.example/base/mcp"),
            ("https://gateway.example/a b|c", "/mcp", "https://gateway.example/a%20b|c/mcp"),
            ("https://gateway.example", "/", "https://gateway.example/"),
            ("https://gateway.example/base", "/", "https://gateway.example/base/"),
            // Nobody guesses that the path is there already: the answer's text shows where it led.
            ("http://localhost:8081/mcp", "/mcp", "http://localhost:8081/mcp/mcp"),
            ("http://[::1]:8081", "/mcp", "http://[::1]:8081/mcp"),
        ] {
            let found = endpoint(server, path).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{server} {path}");
        }
    }
}
