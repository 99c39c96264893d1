//! Collecting: from an address to what a run keeps of it.
//!
//! `address` says what may be fetched, `connect` connects there, `fetch` fetches it, `charset` makes
//! text of it, `html` keeps what an engine wants of a page, and `feed` finds the pages that a sitemap
//! or feed lists.

use std::{borrow::Cow, collections::HashSet, time::Duration};

use http::StatusCode;
use infatica_tools::Engine;
use tokio::task::spawn_blocking;
use url::Url;

mod address;
mod charset;
pub(crate) mod connect;
mod feed;
pub(crate) mod fetch;
mod html;

pub(crate) use address::{Policy, Refused, Target};
use feed::Feed;
use fetch::{Answer, Fetcher};

/// How many of an index's sitemaps are read.
const MAX_SITEMAPS: usize = 50;

/// The largest sitemap or feed; <https://www.sitemaps.org/protocol.html> allows three times as much.
const MAX_FEED_BYTES: usize = 16 * 1024 * 1024;

/// What the operator of the server allows.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct Limits {
    #[command(flatten)]
    pub(crate) targets: PrivateTargets,

    /// How many seconds one attempt at a page can take, redirects included.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    page_seconds: u64,

    /// How many bytes a page can have, uncompressed.
    #[arg(long, value_name = "BYTES", default_value_t = 2 * 1024 * 1024)]
    page_bytes: usize,
}

/// What may be reached, beside the public addresses, where an account says.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct PrivateTargets {
    /// Reach addresses that are not public, too, for pages and for the language models of stored keys: all of them, or
    /// those of the given networks.
    #[arg(
        long,
        value_name = "NETWORK",
        value_parser = address::network,
        num_args = 0..,
        require_equals = true,
        value_delimiter = ',',
        default_missing_value = "0.0.0.0/0,::/0"
    )]
    allow_private_targets: Vec<ipnet::IpNet>,
}

impl PrivateTargets {
    /// The policy for what an account names.
    pub(crate) fn policy(&self) -> Policy {
        Policy::new(self.allow_private_targets.clone())
    }
}

/// Fetches pages and keeps of each what an engine wants.
#[derive(Debug, Clone)]
pub(crate) struct Collector {
    fetcher: Fetcher,
    page_bytes: usize,
}

impl Collector {
    pub(crate) fn new(limits: &Limits) -> anyhow::Result<Self> {
        let fetcher = Fetcher::new(limits.targets.policy(), Duration::from_secs(limits.page_seconds))?;
        Ok(Self { fetcher, page_bytes: limits.page_bytes })
    }

    /// Collects a page.
    pub(crate) async fn page(&self, url: &str, engine: Engine) -> Result<Page, Fault> {
        let answer = self.fetcher.get(Target::parse(url)?, self.page_bytes).await?;
        let status = answer.status;
        blocking(move || extract(&answer, engine)).await.map_err(|fault| fault.after(Some(status)))
    }

    /// Reads a sitemap or feed, or one level of an index of sitemaps.
    pub(crate) async fn links(&self, url: &str, max_items: i64) -> Result<Links, Fault> {
        let mut links = Links::new(usize::try_from(max_items).unwrap_or(0));
        let Read { base, status, feed } = self.feed(Target::parse(url)?, &mut links).await?;
        match feed {
            Feed::Pages(pages) => links.add(&base, &pages),
            Feed::Index(sitemaps) => self.index(&base, &sitemaps, &mut links).await?,
        }
        if links.urls.is_empty() {
            return Err(
                Fault::lasting(format!("it lists no page to collect ({})", links.summary())).after(Some(status))
            );
        }
        Ok(links)
    }

    /// Reads the sitemaps of an index, until there are links enough. One that cannot be read is
    /// passed over, unless it leaves nothing.
    async fn index(&self, base: &Target, sitemaps: &[String], links: &mut Links) -> Result<(), Fault> {
        let mut first_fault = None;
        for sitemap in sitemaps.iter().take(MAX_SITEMAPS) {
            if links.is_full() {
                break;
            }
            let read = match base.join(sitemap) {
                Ok(target) => self.feed(target, links).await,
                Err(refused) => Err(refused.into()),
            };
            match read {
                Ok(Read { base, feed: Feed::Pages(pages), .. }) => links.add(&base, &pages),
                Ok(Read { feed: Feed::Index(_), .. }) => links.unread_sitemaps += 1,
                Err(fault) => {
                    links.unread_sitemaps += 1;
                    first_fault.get_or_insert(fault);
                }
            }
        }
        match first_fault {
            Some(fault) if links.urls.is_empty() => Err(fault),
            _ => Ok(()),
        }
    }

    async fn feed(&self, target: Target, links: &mut Links) -> Result<Read, Fault> {
        let answer = self.fetcher.get(target, MAX_FEED_BYTES).await?;
        links.bytes += answer.bytes();
        let status = answer.status;
        let read = blocking(move || {
            let feed = feed::parse(&feed::text(&answer)?)?;
            Ok(Read { base: answer.target, status, feed })
        });
        read.await.map_err(|fault| fault.after(Some(status)))
    }
}

/// A sitemap or feed that was read.
struct Read {
    base: Target,
    status: StatusCode,
    feed: Feed,
}

/// A collected page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Where redirects led.
    pub(crate) final_url: Url,
    pub(crate) http_status: u16,
    pub(crate) media_type: Option<String>,
    /// Size of the body as it came, uncompressed.
    pub(crate) bytes: i64,
    pub(crate) content: String,
}

fn extract(answer: &Answer, engine: Engine) -> Result<Page, Fault> {
    let text = charset::page(answer)?;
    let content = match engine {
        Engine::Text if answer.is_html() => html::readable_text(&text)?,
        Engine::Raw | Engine::Text => text,
        Engine::Metadata => html::metadata(answer.is_html().then_some(text.as_str()), &answer.target)?,
    };
    Ok(Page {
        final_url: answer.target.url().clone(),
        http_status: answer.status.as_u16(),
        media_type: answer.media_type.as_ref().map(|media_type| media_type.essence_str().to_owned()),
        bytes: answer.bytes(),
        content,
    })
}

/// What a person would read of a page, by what an engine has kept of it. HTML that takes too long to
/// parse is read as it is.
pub(crate) fn text_of<'a>(engine: Engine, media_type: Option<&str>, content: &'a str) -> Cow<'a, str> {
    match engine {
        Engine::Raw if html::is_html(media_type, content.as_bytes()) => {
            html::readable_text(content).map_or(Cow::Borrowed(content), Cow::Owned)
        }
        Engine::Raw | Engine::Text => Cow::Borrowed(content),
        Engine::Metadata => Cow::Owned(html::described(content)),
    }
}

/// Runs what only computes on a thread where it holds nobody up. A panic in it is a fault of the page.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    spawn_blocking(work).await.unwrap_or_else(|panicked| {
        tracing::error!(error = %panicked, "a page could not be processed");
        Err(Fault::internal())
    })
}

/// The pages that a sitemap or feed lists.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) urls: Vec<Url>,
    /// Size of all that was read.
    pub(crate) bytes: i64,
    seen: HashSet<Url>,
    wanted: usize,
    refused: usize,
    unread_sitemaps: usize,
}

impl Links {
    fn new(wanted: usize) -> Self {
        Self { urls: Vec::new(), bytes: 0, seen: HashSet::new(), wanted, refused: 0, unread_sitemaps: 0 }
    }

    fn is_full(&self) -> bool {
        self.urls.len() >= self.wanted
    }

    /// Adds each link once, in its order, until there are enough.
    fn add(&mut self, base: &Target, links: &[String]) {
        for link in links {
            if self.is_full() {
                return;
            }
            match base.join(link) {
                Ok(target) if self.seen.insert(target.url().clone()) => self.urls.push(target.url().clone()),
                Ok(_) => {}
                Err(_) => self.refused += 1,
            }
        }
    }

    /// What became of the links, for the log.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} pages; passed over: {} addresses that are not collected, {} sitemaps that could not be read",
            self.urls.len(),
            self.refused,
            self.unread_sitemaps
        )
    }
}

/// Why something was not collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// The status of the last answer, when there was one.
    pub(crate) http_status: Option<u16>,
    pub(crate) recovery: Recovery,
}

/// Whether another attempt can do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// It cannot.
    Never,
    /// It can, after a while, which the other side may have named.
    Later(Option<Duration>),
}

impl Fault {
    fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), http_status: None, recovery: Recovery::Never }
    }

    /// The server's own fault; its log has the details.
    pub(crate) fn internal() -> Self {
        Self::lasting("its content could not be processed")
    }

    /// The same fault, met after an answer with this status unless it names another.
    fn after(self, status: Option<StatusCode>) -> Self {
        Self { http_status: self.http_status.or(status.map(|status| status.as_u16())), ..self }
    }

    fn passing(message: impl Into<String>) -> Self {
        Self { message: message.into(), http_status: None, recovery: Recovery::Later(None) }
    }
}
