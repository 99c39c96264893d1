//! Somebody with a browser, as the settings pages see one.

use reqwest::{Client, Method, Response, Url, header::HeaderMap, redirect::Policy};

use crate::Server;

/// A browser without scripts: it keeps one cookie, sends forms as pages have them, and follows no redirect.
#[derive(Debug, Clone)]
pub struct Visitor {
    address: String,
    http: Client,
    /// What it keeps, as it sends it back.
    pub cookie: Option<String>,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub html: String,
}

impl Page {
    /// A header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first field with a name.
    ///
    /// # Panics
    /// When there is none.
    pub fn field(&self, name: &str) -> String {
        let (_, after) = self.html.split_once(&format!("name=\"{name}\" value=\"")).expect("a field");
        after.split('"').next().unwrap_or_default().to_owned()
    }

    /// Everything on the page that begins with a prefix, as a token does, once.
    pub fn words_after(&self, prefix: &str) -> Vec<String> {
        let mut words: Vec<_> = self
            .html
            .match_indices(prefix)
            .map(|(at, _)| self.html[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
            .collect();
        words.sort();
        words.dedup();
        words
    }
}

impl Visitor {
    /// Somebody whom the server does not know.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn stranger(server: &Server) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().expect("an HTTP client");
        Self { address: server.address(), http, cookie: None }
    }

    /// Somebody who has used a link of the command `sign-in`, with these arguments of it.
    ///
    /// # Panics
    /// When the link does not work.
    pub async fn signed_in(server: &Server, arguments: &[&str]) -> Self {
        let mut visitor = Self::stranger(server);
        let code = Self::code(server, arguments);
        let page = visitor.post("/settings/sign-in", &[("code", &code)]).await;
        assert_eq!((page.status, page.header("location")), (303, "/settings/tokens"), "{page:?}");
        visitor.keep(&page);
        visitor
    }

    /// The code of a link that the command `sign-in` prints.
    ///
    /// # Panics
    /// When it prints none.
    pub fn code(server: &Server, arguments: &[&str]) -> String {
        let listen = ["sign-in", "--listen", server.authority()];
        let link = server.succeed(&[&listen, arguments].concat());
        let prefix = format!("{}/settings/sign-in?code=", server.address());
        link.trim().strip_prefix(&prefix).unwrap_or_else(|| panic!("no link: {link}")).to_owned()
    }

    /// The same browser with this cookie, or with none.
    #[must_use]
    pub fn with_cookie(&self, cookie: Option<String>) -> Self {
        Self { cookie, ..self.clone() }
    }

    /// Keeps the cookie that an answer brings.
    ///
    /// # Panics
    /// When it brings none.
    pub fn keep(&mut self, page: &Page) {
        let cookie = page.header("set-cookie");
        assert!(!cookie.is_empty(), "no cookie: {page:?}");
        self.cookie = cookie.split(';').next().map(str::to_owned);
    }

    /// Looks at a page.
    pub async fn get(&self, path: &str) -> Page {
        self.send("GET", path, &[], None).await
    }

    /// Sends a form, as a page of the server's own does.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send("POST", path, &[("Origin", &self.address), ("Sec-Fetch-Site", "same-origin")], Some(fields)).await
    }

    /// Sends a form with what binds it to the session.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf().await;
        self.post(path, &[&[("csrf", csrf.as_str())], fields].concat()).await
    }

    /// What binds a form to the session.
    pub async fn csrf(&self) -> String {
        self.get("/settings/tokens").await.field("csrf")
    }

    /// Sends anything.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Page {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(fields) = form {
            let encoded = Url::parse_with_params("http://form.invalid/", fields).expect("fields");
            let body = encoded.query().unwrap_or_default().to_owned();
            request = request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        }
        Self::read(request.send().await.expect("an answer")).await
    }

    async fn read(response: Response) -> Page {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { status, headers, html: response.text().await.expect("a body") }
    }
}
