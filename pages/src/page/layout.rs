//! What every page has around it.

use serde::Serialize;

use super::{Has, Pages};
use crate::assets::ASSETS;

/// Where pages are.
#[derive(Debug)]
pub(super) enum Place {
    /// Below a path of a running server.
    Console { base: String, has: Has },
    /// In a folder, beside the documentation.
    Site,
}

/// Who sees a page.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// Who is signed in, as they know themselves.
    pub name: &'a str,
    /// What binds forms to the session.
    pub csrf: &'a str,
    /// Whether signing out means something: with a proxy that signs people in, it does not.
    pub signs_out: bool,
}

/// What has become of what was asked for, above the page.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// Whether it was done.
    pub done: bool,
    /// In a sentence or two.
    pub text: String,
}

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Tokens,
    Connect,
    Tools,
    Keys,
    Activity,
}

impl Section {
    const ALL: [Self; 5] = [Self::Tokens, Self::Connect, Self::Tools, Self::Keys, Self::Activity];

    const fn word(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Connect => "connect",
            Self::Tools => "tools",
            Self::Keys => "keys",
            Self::Activity => "activity",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Tokens => "Tokens",
            Self::Connect => "MCP Connect",
            Self::Tools => "Tools",
            Self::Keys => "Keys",
            Self::Activity => "Activity",
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Layout<'a> {
    /// Title of the page.
    title: &'a str,
    server: &'a str,
    version: &'a str,
    icon: String,
    style: String,
    scripts: Vec<String>,
    navigation: Vec<Link>,
    visitor: Option<Known<'a>>,
    notice: Option<&'a Notice>,
    /// Whether forms lead somewhere.
    is_served: bool,
}

#[derive(Debug, Serialize)]
struct Link {
    title: &'static str,
    url: String,
    is_current: bool,
}

#[derive(Debug, Serialize)]
struct Known<'a> {
    name: &'a str,
    csrf: &'a str,
    signs_out: bool,
    sign_out: String,
}

impl Pages {
    /// What a page has around it that is in the navigation.
    pub(super) fn within<'a>(
        &'a self,
        section: Section,
        visitor: Option<&Visitor<'a>>,
        notice: Option<&'a Notice>,
        scripts: &[&str],
    ) -> Layout<'a> {
        Layout { notice, ..self.around(section.title(), Some(section), visitor, scripts) }
    }

    /// What a page has around it that is not.
    pub(super) fn outside<'a>(&'a self, title: &'a str, visitor: Option<&Visitor<'a>>) -> Layout<'a> {
        self.around(title, None, visitor, &[])
    }

    fn around<'a>(
        &'a self,
        title: &'a str,
        current: Option<Section>,
        visitor: Option<&Visitor<'a>>,
        scripts: &[&str],
    ) -> Layout<'a> {
        let known = |visitor: &Visitor<'a>| Known {
            name: visitor.name,
            csrf: visitor.csrf,
            signs_out: visitor.signs_out,
            sign_out: self.url("sign-out"),
        };
        Layout {
            title,
            server: &self.server.title,
            version: &self.server.version,
            icon: self.asset("icon.svg"),
            style: self.asset("style.css"),
            scripts: scripts.iter().map(|script| self.asset(script)).collect(),
            navigation: self.navigation(current, visitor.is_some()),
            visitor: visitor.map(known),
            notice: None,
            is_served: matches!(self.place, Place::Console { .. }),
        }
    }

    fn navigation(&self, current: Option<Section>, is_known: bool) -> Vec<Link> {
        let is_there = |section: &Section| match &self.place {
            Place::Console { has, .. } => {
                is_known
                    && match section {
                        Section::Keys => has.keys,
                        Section::Activity => has.activity,
                        Section::Tokens | Section::Connect | Section::Tools => true,
                    }
            }
            Place::Site => matches!(section, Section::Tools | Section::Connect),
        };
        let link = |section: Section| Link {
            title: section.title(),
            url: self.url(section.word()),
            is_current: Some(section) == current,
        };
        Section::ALL.into_iter().filter(is_there).map(link).collect()
    }

    /// Where a page is, or what a form is sent to.
    pub(super) fn url(&self, path: &str) -> String {
        match &self.place {
            Place::Console { base, .. } => format!("{base}/{path}"),
            Place::Site => format!("{path}.html"),
        }
    }

    /// Where an asset is.
    fn asset(&self, plain: &str) -> String {
        match &self.place {
            Place::Site => format!("assets/{plain}"),
            Place::Console { base, .. } => {
                let asset = ASSETS.iter().find(|asset| asset.plain == plain);
                let asset = asset.unwrap_or_else(|| unreachable!("there is no asset {plain}"));
                format!("{base}/assets/{}", asset.name)
            }
        }
    }
}
