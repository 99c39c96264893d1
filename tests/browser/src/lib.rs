//! A browser of a test's own: headless Chromium, driven as a person uses it, by what a page shows and is called.
//!
//! It is no part of `toolwright-tests`, since its library lets strings be added to strings in more ways, and whoever links that has to say
//! which way is meant.

#![cfg(unix)]

mod audit;
mod chromedriver;
mod settings;

use std::{cell::RefCell, env, fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use thirtyfour::{
    By, CapabilitiesHelper as _, ChromiumLikeCapabilities as _, DesiredCapabilities, TypingData, WebDriver,
    prelude::ScriptRet,
};
pub use thirtyfour::{Key, WebElement};
use tokio::time::{Instant, sleep};
use toolwright_tests::is_installed;

use chromedriver::Chromedriver;

/// How long something may take to be on a page.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at a page.
const PAUSE: Duration = Duration::from_millis(20);

/// Where a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1280 × 900.
    Desktop,
    /// 390 × 844, touched.
    Phone,
}

/// Which colours a person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on light ground.
    Light,
    /// The other way.
    Dark,
}

/// Every way in which a page is looked at.
pub const LOOKS: [(Screen, Scheme); 4] = [
    (Screen::Desktop, Scheme::Light),
    (Screen::Desktop, Scheme::Dark),
    (Screen::Phone, Scheme::Light),
    (Screen::Phone, Scheme::Dark),
];

/// A browser with one page. At the end of a test it is asked what went wrong in it; see [`browse`].
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    /// What pages may ask for: the addresses that the test has sent the browser to.
    origins: RefCell<Vec<String>>,
    /// Texts of the console that the test has brought about.
    expected: RefCell<Vec<String>>,
    _chromedriver: Chromedriver,
}

/// Runs a test in a browser, on a desktop in light colours. Afterwards it fails if a page wrote an error or a warning to the console, broke its
/// Content-Security-Policy, or asked another server for anything than those that the test visited. Without Chromium on the machine, or
/// axe-core, it says `SKIPPED` and does not run.
///
/// # Panics
/// When they are missing in CI, and when the browser does not start.
pub async fn browse(test: impl AsyncFnOnce(&Browser)) {
    if !is_installed("chromedriver") || !is_installed("chromium") || !audit::is_there() {
        return;
    }
    let browser = Browser::start().await;
    test(&browser).await;
    assert_eq!(browser.faults().await, [""; 0]);
    browser.driver.clone().quit().await.expect("the browser ends");
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a test that failed there is no farewell, for which the driver would wait: the process takes the browser along.
        let _ = self.driver.clone().leak();
    }
}

impl Browser {
    async fn start() -> Self {
        let chromedriver = Chromedriver::start();
        let mut capabilities = DesiredCapabilities::chrome();
        let profile = format!("--user-data-dir={}", chromedriver.folder().join("profile").display());
        for argument in [
            "--headless=new",
            // Chromium's sandbox refuses root, and needs what containers do not have.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            // A browser that has lost its driver ends.
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            // Nothing but this machine has a name.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            &profile,
        ] {
            capabilities.add_arg(argument).expect("an argument");
        }
        // Not the page of a new tab, which asks for a hundred things.
        let preferences = json!({"session": {"restore_on_startup": 4, "startup_urls": ["about:blank"]}});
        capabilities.add_experimental_option("prefs", preferences).expect("an option");
        let logs = json!({"browser": "ALL", "performance": "ALL"});
        capabilities.set("goog:loggingPrefs", logs).expect("a capability");
        let client = reqwest::Client::builder().no_proxy().timeout(3 * PATIENCE).build().expect("an HTTP client");
        let driver = WebDriver::builder(chromedriver.address(), capabilities).client(client).await;
        let browser = Self {
            driver: driver.expect("Chromium starts"),
            origins: RefCell::default(),
            expected: RefCell::default(),
            _chromedriver: chromedriver,
        };
        browser.look(Screen::Desktop, Scheme::Light).await;
        browser
    }

    /// Opens a page. It and the others of its server may ask that server, and nobody else.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn visit(&self, url: &str) {
        self.origins.borrow_mut().push(origin(url));
        self.driver.goto(url).await.expect("a page");
    }

    /// Changes what the page is shown on and in.
    pub async fn look(&self, screen: Screen, scheme: Scheme) {
        let (width, height, phone) = match screen {
            Screen::Desktop => (1280, 900, false),
            Screen::Phone => (390, 844, true),
        };
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": if phone { 2 } else { 1 }, "mobile": phone});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({"enabled": phone})).await;
        let value = if scheme == Scheme::Light { "light" } else { "dark" };
        let features = json!([
            {"name": "prefers-color-scheme", "value": value},
            {"name": "prefers-reduced-motion", "value": "reduce"}
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Has pages run their scripts, or not.
    pub async fn scripts(&self, run: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({"value": !run})).await;
    }

    /// Lets the page read and write the clipboard, as a person who is asked does.
    pub async fn allow_clipboard(&self) {
        for name in ["clipboard-read", "clipboard-write"] {
            let permission = json!({"permission": {"name": name}, "setting": "granted"});
            self.devtools("Browser.setPermission", permission).await;
        }
    }

    /// What was copied last.
    ///
    /// # Panics
    /// When the clipboard cannot be read.
    pub async fn clipboard(&self) -> String {
        let read = "const done = arguments[0]; navigator.clipboard.readText().then(done, error => done(`${error}`));";
        let read = self.driver.execute_async(read, vec![]).await.expect("the clipboard");
        read.convert().expect("a text")
    }

    /// Waits for the only element of a role (as ARIA calls it) with a name, as assistive technology tells them, and gives it.
    ///
    /// # Panics
    /// When there is none in time, or several.
    pub async fn find(&self, role: &str, name: &str) -> WebElement {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let of_role = self.of_role(role).await;
            let found: Vec<_> = of_role.iter().filter(|(known, _)| known == name).collect();
            if let [(_, node)] = found[..]
                && let Some(element) = self.element(*node).await
            {
                return element;
            }
            let names: Vec<_> = of_role.iter().map(|(name, _)| name).collect();
            assert!(Instant::now() < deadline, "{} elements are {role} {name:?}; there are {names:?}", found.len());
            sleep(PAUSE).await;
        }
    }

    /// The names of all elements of a role, in the order of the page.
    pub async fn names(&self, role: &str) -> Vec<String> {
        self.of_role(role).await.into_iter().map(|(name, _)| name).collect()
    }

    /// Clicks on what has a role and a name; of a field that is drawn by its label, on the label.
    ///
    /// # Panics
    /// When it is not there, or covered by something else.
    pub async fn click(&self, role: &str, name: &str) {
        const DRAWN: &str = "const [field] = arguments;
            const isDrawn = getComputedStyle(field).pointerEvents !== 'none';
            const drawn = isDrawn ? field : field.labels[0];
            drawn.scrollIntoView({block: 'center'});
            return drawn;";
        let field = self.find(role, name).await.to_json().expect("an element");
        let drawn = self.driver.execute(DRAWN, vec![field]).await.and_then(ScriptRet::element);
        let clicked = match drawn {
            Ok(drawn) => drawn.click().await,
            Err(error) => Err(error),
        };
        clicked.unwrap_or_else(|error| panic!("{role} {name:?} cannot be clicked: {error}"));
    }

    /// Writes into the field with a name, in place of what is there.
    ///
    /// # Panics
    /// When it is not there, or cannot be written into.
    pub async fn fill(&self, role: &str, name: &str, text: &str) {
        let field = self.find(role, name).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field");
    }

    /// Presses keys, as on a keyboard, wherever the focus is.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.expect("keys");
    }

    /// Presses Tab until the focus is on what has this role and name.
    ///
    /// # Panics
    /// When it does not come there.
    pub async fn tab_to(&self, role: &str, name: &str) {
        const MANY: usize = 300;
        let element = self.find(role, name).await;
        for _ in 0..MANY {
            if self
                .ask("return document.activeElement === arguments[0]", vec![element.to_json().expect("an element")])
                .await
                == true
            {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("the keyboard does not come to {role} {name:?}");
    }

    /// The elements that a CSS selector means.
    ///
    /// # Panics
    /// When it is none.
    pub async fn select(&self, selector: &str) -> Vec<WebElement> {
        self.driver.find_all(By::Css(selector)).await.expect("a selector")
    }

    /// Waits until the page shows a text.
    ///
    /// # Panics
    /// When it does not, in time.
    pub async fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.text().await;
            if shown.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "{} does not show {text:?} but:\n{shown}", self.url().await);
            sleep(PAUSE).await;
        }
    }

    /// Waits until the page does not show a text any more.
    ///
    /// # Panics
    /// When it still does, in time.
    pub async fn wait_until_gone(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.text().await.contains(text) {
            assert!(Instant::now() < deadline, "{} still shows {text:?}", self.url().await);
            sleep(PAUSE).await;
        }
    }

    /// All that the page shows.
    pub async fn text(&self) -> String {
        // Between two pages there is none.
        self.ask("return document.body?.innerText ?? ''", vec![]).await.as_str().unwrap_or_default().to_owned()
    }

    /// The address of the page.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn url(&self) -> String {
        self.driver.current_url().await.expect("a page").into()
    }

    /// What a function's body in JavaScript returns.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        match self.driver.execute(script, arguments).await {
            Ok(returned) => returned.json().clone(),
            // A page that is being left answers nothing.
            Err(_) => Value::Null,
        }
    }

    /// Writes down what the page looks like, all of it, in the folder that `SCREENSHOTS` names, if it does.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn screenshot(&self, name: &str) {
        use base64::Engine as _;
        let Some(folder) = env::var_os("SCREENSHOTS").map(PathBuf::from) else { return };
        let parameters = json!({"format": "png", "captureBeyondViewport": true});
        let shot = self.devtools("Page.captureScreenshot", parameters).await;
        let bytes = base64::prelude::BASE64_STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(format!("{name}.png")), bytes)).expect(name);
    }

    /// Announces that the console will have a line with this text, as the browser writes one of an answer that is an error.
    pub fn expect_in_console(&self, text: &str) {
        self.expected.borrow_mut().push(text.to_owned());
    }

    async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let answer = self.driver.cdp().send_raw(method, parameters).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Names and DOM nodes.
    async fn of_role(&self, role: &str) -> Vec<(String, u64)> {
        let cdp = self.driver.cdp();
        let found = async {
            let document = cdp.send_raw("DOM.getDocument", json!({"depth": 0})).await?;
            let question = json!({"nodeId": document["root"]["nodeId"], "role": role});
            cdp.send_raw("Accessibility.queryAXTree", question).await
        };
        // A page that is being left has none.
        let Ok(found) = found.await else { return Vec::new() };
        let nodes = found["nodes"].as_array().expect("nodes").iter().filter(|node| node["ignored"] != true);
        let name = |node: &Value| node["name"]["value"].as_str().unwrap_or_default().trim().to_owned();
        nodes.filter_map(|node| Some((name(node), node["backendDOMNodeId"].as_u64()?))).collect()
    }

    async fn element(&self, node: u64) -> Option<WebElement> {
        const KEEP: &str =
            "function() { window.found = this.nodeType === Node.TEXT_NODE ? this.parentElement : this; }";
        let cdp = self.driver.cdp();
        let node = cdp.send_raw("DOM.resolveNode", json!({"backendNodeId": node})).await.ok()?;
        let call = json!({"objectId": node["object"]["objectId"], "functionDeclaration": KEEP});
        cdp.send_raw("Runtime.callFunctionOn", call).await.ok()?;
        self.driver.execute("return window.found", vec![]).await.ok()?.element().ok()
    }

    /// What pages have done that none may, since this was asked last: see [`browse`].
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn faults(&self) -> Vec<String> {
        let console = self.driver.browser_log().await.expect("a log");
        let loud = console.into_iter().filter(|entry| entry.level == "SEVERE" || entry.level == "WARNING");
        let loud: Vec<_> = loud.map(|entry| entry.message).collect();
        let expected = self.expected.take();
        let missing = expected.iter().filter(|text| !loud.iter().any(|line| line.contains(*text)));
        let mut faults: Vec<_> = missing.map(|text| format!("the console does not say {text:?}")).collect();
        let unexpected = loud.iter().filter(|line| !expected.iter().any(|text| line.contains(text)));
        faults.extend(unexpected.map(|line| format!("the console says {line}")));

        let events = self.driver.get_log("performance").await.expect("a log");
        let events = events.iter().filter_map(|entry| serde_json::from_str::<Value>(&entry.message).ok());
        let asked = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        let asked = asked.filter_map(|event| Some(event["message"]["params"]["request"]["url"].as_str()?.to_owned()));
        let origins = self.origins.borrow();
        let foreign = asked.filter(|url| !url.starts_with("data:") && !origins.contains(&origin(url)));
        faults.extend(foreign.map(|url| format!("a page asks for {url}")));
        faults
    }
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
