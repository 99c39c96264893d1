//! `Host` and `Origin`: against pages that reach the server through a visitor's browser.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, bail};
use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, StatusCode, header, request::Parts, uri::Authority};
use toolwright_core::ErrorCode;
use url::{Host, Origin, Url};

/// The names under which the server answers, and the pages that may ask.
#[derive(Debug)]
pub(crate) struct Trusted {
    hosts: Vec<(String, Option<u16>)>,
    origins: Vec<Origin>,
    /// Those of the server's own pages, where it has public names.
    own: Vec<Origin>,
    /// Whether pages on this machine may ask.
    loopback_origins: bool,
}

impl Trusted {
    /// What is trusted without being told: this machine, the address that the server listens on,
    /// and the server's public names.
    ///
    /// # Errors
    /// When an option is no host or no origin.
    pub(crate) fn new(
        listening: SocketAddr,
        public: &[&str],
        hosts: &[String],
        origins: &[String],
    ) -> anyhow::Result<Self> {
        let loopback = ["localhost", "127.0.0.1", "[::1]"].map(|name| (name.to_owned(), None));
        let mut trusted = Self {
            hosts: loopback.into(),
            origins: Vec::new(),
            own: Vec::new(),
            loopback_origins: listening.ip().is_loopback(),
        };
        if !listening.ip().is_unspecified() {
            trusted.hosts.push((url_host(listening.ip()), None));
        }
        for url in public {
            let url = Url::parse(url).with_context(|| format!("`{url}` is not a URL"))?;
            trusted.hosts.extend(url.host_str().map(|host| (host.to_lowercase(), None)));
            trusted.origins.push(url.origin());
            trusted.own.push(url.origin());
        }
        for host in hosts {
            let authority: Authority = host.parse().with_context(|| format!("--allow-host: `{host}` is not a host"))?;
            trusted.hosts.push((authority.host().to_lowercase(), authority.port_u16()));
        }
        for origin in origins {
            match Url::parse(origin).map(|url| url.origin()) {
                Ok(parsed @ Origin::Tuple(..)) => trusted.origins.push(parsed),
                _ => bail!("--allow-origin: `{origin}` is not an origin such as https://app.example.com"),
            }
        }
        Ok(trusted)
    }

    /// The origin of the page that sent the request, if one did.
    ///
    /// # Errors
    /// `invalid_request` without one clear `Host`, `host_refused`, `origin_refused`.
    pub(crate) fn check(&self, request: &Parts) -> Result<Option<HeaderValue>, ErrorCode> {
        let mut hosts = request.headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(ErrorCode::InvalidRequest) };
        let host: Authority = host.to_str().ok().and_then(|host| host.parse().ok()).ok_or(ErrorCode::InvalidRequest)?;
        // A target in absolute form has a say of its own (RFC 9112, section 3.2.2).
        let trusted = std::iter::once(&host).chain(request.uri.authority()).all(|host| self.trusts_host(host));
        if !trusted {
            return Err(ErrorCode::HostRefused);
        }
        let mut origins = request.headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(None),
            (Some(origin), None) if self.trusts_origin(origin) => Ok(Some(origin.clone())),
            _ => Err(ErrorCode::OriginRefused),
        }
    }

    /// Whether a page of the server's own sent the request, and no other page that is trusted: one of its public
    /// names or, under another, of the very host that is asked. A browser tells; who tells nothing is no page.
    #[cfg(feature = "console")]
    pub(crate) fn is_own_page(&self, headers: &http::HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
        let Some(url) = origin.to_str().ok().and_then(|text| Url::parse(text).ok()) else { return false };
        let is_elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
        if is_elsewhere || !matches!(url.scheme(), "http" | "https") {
            return false;
        }
        let has_host = |own: &Origin| matches!(own, Origin::Tuple(_, host, _) if Some(host) == url.host().map(|host| host.to_owned()).as_ref());
        let mut public = self.own.iter().filter(|own| has_host(own)).peekable();
        if public.peek().is_some() {
            return public.any(|own| *own == url.origin());
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        host.is_some_and(|host| {
            let default = if url.scheme() == "https" { 443 } else { 80 };
            url.host_str() == Some(host.host().to_lowercase().as_str())
                && url.port_or_known_default() == Some(host.port_u16().unwrap_or(default))
        })
    }

    /// Whether the name that a request asks for is one under which the server is reached over an encrypted connection.
    #[cfg(feature = "console")]
    pub(crate) fn is_encrypted(&self, headers: &http::HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        let Some(name) = host.map(|host| host.host().to_lowercase()) else { return false };
        self.own.iter().any(|own| match own {
            Origin::Tuple(scheme, host, _) => scheme == "https" && host.to_string() == name,
            Origin::Opaque(_) => false,
        })
    }

    /// Whether a request that needs no credential can be answered: no page on any other host has sent it.
    ///
    /// A page whose name was made to lead here asks by that name. So an address is as good as a trusted
    /// name, and so is no `Host` at all, which no browser leaves out.
    pub(crate) fn admits_probe(&self, request: &Parts) -> bool {
        let mut hosts = request.headers.get_all(header::HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (None, _) => true,
            (Some(host), None) => {
                let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
                host.is_some_and(|host| is_address(host.host()) || self.trusts_host(&host))
            }
            _ => false,
        };
        host && !request.headers.contains_key(header::ORIGIN)
    }

    fn trusts_host(&self, authority: &Authority) -> bool {
        let name = authority.host().to_lowercase();
        self.hosts
            .iter()
            .any(|(host, port)| *host == name && port.is_none_or(|port| authority.port_u16() == Some(port)))
    }

    fn trusts_origin(&self, value: &HeaderValue) -> bool {
        let Some(url) = value.to_str().ok().and_then(|text| Url::parse(text).ok()) else { return false };
        self.origins.contains(&url.origin()) || self.loopback_origins && is_loopback(&url)
    }
}

fn is_address(host: &str) -> bool {
    host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

fn url_host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Whether what is sent to a web address never leaves this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

/// Whether a browser asks before it sends (Fetch standard, section 3.3).
pub(super) fn is_preflight(request: &Parts) -> bool {
    request.method == Method::OPTIONS && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a trusted page that asks before it sends.
pub(super) fn preflight(origin: &HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, accept, mcp-protocol-version, mcp-method, mcp-name"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    expose(response, Some(origin.clone()))
}

/// Lets a trusted page read the response.
pub(super) fn expose(mut response: Response, origin: Option<HeaderValue>) -> Response {
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers
            .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate, retry-after"));
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}
