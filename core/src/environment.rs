//! The environment variables that a server's program reads, beside those that its manifest names.

/// The options of the runtime that can be set in the environment, as the command line's parser calls
/// them.
pub const OPTIONS: [&str; 14] = [
    "listen",
    "public_url",
    "allow_host",
    "allow_origin",
    "behind_proxy",
    "operations_listen",
    "drain_seconds",
    "identity_header",
    "identity_issuer",
    "identity_audience",
    "identity_jwks",
    "identity_claim",
    "database",
    "log_format",
];

/// The option of `stdio` that says which account calls are about; servers whose path says so have it.
pub const ACCOUNT: &str = "account";

/// What the log and the encryption read, by names that others gave.
const FOREIGN: [&str; 3] = ["RUST_LOG", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What the names of all variables begin with that OpenTelemetry reads.
const OPENTELEMETRY: &str = "OTEL_";

/// The variable of an option of a server's program (`acme`, `database`: `ACME_DATABASE`).
pub fn option_env(server: &str, option: &str) -> String {
    format!("{server}_{option}").replace('-', "_").to_ascii_uppercase()
}

/// Whether the runtime reads a variable, so that the manifest cannot give it another meaning.
pub fn is_read(server: &str, variable: &str) -> bool {
    let mut options = OPTIONS.iter().chain([&ACCOUNT]);
    FOREIGN.contains(&variable)
        || variable.starts_with(OPENTELEMETRY)
        || options.any(|option| option_env(server, option) == variable)
}

#[cfg(test)]
mod tests {
    use super::{is_read, option_env};

    #[test]
    fn variables_are_named_after_the_server() {
        assert_eq!(option_env("every-type", "public_url"), "EVERY_TYPE_PUBLIC_URL");
        for (server, variable, expected) in [
            ("acme", "ACME_DATABASE", true),
            ("acme", "ACME_LOG_FORMAT", true),
            ("acme", "ACME_ACCOUNT", true),
            ("acme", "ACME_KEY", false),
            ("acme", "ACME_GATEWAY", false),
            ("acme", "HELLO_DATABASE", false),
            ("every-type", "EVERY_TYPE_LISTEN", true),
            ("acme", "ACME_OPERATIONS_LISTEN", true),
            ("acme", "RUST_LOG", true),
            ("acme", "OTEL_SERVICE_NAME", true),
        ] {
            assert_eq!(is_read(server, variable), expected, "{server} {variable}");
        }
    }
}
