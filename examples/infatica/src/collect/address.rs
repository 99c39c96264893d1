//! What may be fetched: which URLs, and which addresses behind them.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::LazyLock,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

use super::Fault;

/// The longest URL that is fetched, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// A URL that may be asked for: http or https, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target(Url);

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, Refused> {
        Self::new(Url::parse(url), url)
    }

    /// The target of a link on this one.
    pub(crate) fn join(&self, link: &str) -> Result<Self, Refused> {
        Self::new(self.0.join(link), link)
    }

    fn new(parsed: Result<Url, url::ParseError>, given: &str) -> Result<Self, Refused> {
        let given: String = given.chars().take(200).collect();
        let url = parsed.map_err(|error| Refused(format!("`{given}` is no URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused(format!("only http and https addresses are collected, not `{}`", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused("an address with a user name or password is not collected".to_owned()));
        }
        if url.as_str().len() > MAX_URL_BYTES {
            let bytes = url.as_str().len();
            return Err(Refused(format!("an address can have {MAX_URL_BYTES} bytes, and this one has {bytes}")));
        }
        Ok(Self(url))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

/// Why something may not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::lasting(refused.0)
    }
}

/// Which addresses may be connected to: the public ones, and what the operator allows beside them.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    allowed: Vec<IpNet>,
}

impl Policy {
    pub(crate) fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// The policy for addresses that the operator of the server has named.
    pub(crate) fn any() -> Self {
        Self { allowed: vec![Ipv4Net::default().into(), Ipv6Net::default().into()] }
    }

    /// Checks a host that is written as an address, in whatever spelling: parsing the URL has turned
    /// decimal, octal, hexadecimal and short forms into addresses. A name is checked by [`Self::resolve`].
    pub(crate) fn check_literal(&self, url: &Url) -> Result<(), Refused> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Refused("the address has no host".to_owned())),
        }
    }

    /// The addresses of a name, all of which may be connected to. Whoever connects takes one of
    /// these and asks no resolver again, which could answer differently the second time.
    pub(super) async fn resolve(
        &self,
        name: &str,
    ) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name, 0)).await?.collect();
        for address in &addresses {
            // What the names of the operator's network stand for is no business of the caller's.
            self.check(address.ip()).map_err(|refused| {
                tracing::warn!(name, %refused, "a name is at a refused address");
                Refused(format!("`{name}` is at no public address, and only public addresses are collected"))
            })?;
        }
        Ok(addresses)
    }

    fn check(&self, address: IpAddr) -> Result<(), Refused> {
        if self.allowed.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        match class(address) {
            None => Ok(()),
            Some(class) => Err(Refused(format!("{address} is {class}, and only public addresses are collected"))),
        }
    }
}

/// A network as an operator writes it; a single address is a network, too.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    IpNet::from_str(text)
        .or_else(|_| IpAddr::from_str(text).map(IpNet::from))
        .map_err(|_| format!("`{text}` is neither a network such as 10.0.0.0/8 nor an address"))
}

/// What kind of non-public address this is, if it is one.
fn class(address: IpAddr) -> Option<&'static str> {
    static NETWORKS: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
        NOT_PUBLIC.iter().filter_map(|(network, class)| Some((network.parse().ok()?, *class))).collect()
    });
    NETWORKS.iter().find(|(network, _)| network.contains(&address)).map(|(_, class)| *class)
}

/// The registries of special-purpose addresses of IANA (RFC 6890 and its updates), and what carries
/// an IPv4 address inside an IPv6 one, where a private one could hide. The first match counts; the
/// last rows refuse what is not assigned to the public Internet.
const NOT_PUBLIC: &[(&str, &str)] = &[
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by a carrier's NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved for protocols"),
    ("192.0.2.0/24", "for documentation"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::/96", "IPv4 in IPv6"),
    ("::ffff:0:0/96", "IPv4 in IPv6"),
    ("64:ff9b::/96", "behind NAT64"),
    ("64:ff9b:1::/48", "behind NAT64"),
    ("100::/64", "discarded"),
    ("2001::/32", "behind a Teredo tunnel"),
    ("2001::/23", "reserved for protocols"),
    ("2001:db8::/32", "for documentation"),
    ("2002::/16", "behind a 6to4 tunnel"),
    ("3fff::/20", "for documentation"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "private"),
    ("ff00::/8", "multicast"),
    ("::/3", "not public"),
    ("4000::/2", "not public"),
    ("8000::/1", "not public"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_network() {
        for (network, _) in NOT_PUBLIC {
            assert!(network.parse::<IpNet>().is_ok(), "{network}");
        }
    }

    #[test]
    fn addresses_have_their_class() {
        let cases: &[(&str, Option<&str>)] = &[
            ("8.8.8.8", None),
            ("1.1.1.1", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("shared by a carrier's NAT")),
            ("100.127.255.255", Some("shared by a carrier's NAT")),
            ("100.128.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some("private")),
            ("172.31.255.255", Some("private")),
            ("172.32.0.0", None),
            ("223.255.255.255", None),
            ("224.0.0.1", Some("multicast")),
            ("255.255.255.255", Some("broadcast")),
            ("2606:4700::1111", None),
            ("2a00:1450:4001::1", None),
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("::7f00:1", Some("IPv4 in IPv6")),
            ("::ffff:10.0.0.1", Some("IPv4 in IPv6")),
            ("64:ff9b::a00:1", Some("behind NAT64")),
            ("2001:0:1::1", Some("behind a Teredo tunnel")),
            ("2001:200::1", None),
            ("2002:a00:1::", Some("behind a 6to4 tunnel")),
            ("fd00::1", Some("private")),
            ("fe80::1", Some("link-local")),
            ("ff02::1", Some("multicast")),
            ("5f00::1", Some("not public")),
            ("4000::1", Some("not public")),
        ];
        for (address, expected) in cases {
            assert_eq!(class(address.parse().unwrap()), *expected, "{address}");
        }
    }
}
