//! What a machine can tell of how well people can use a page.

use std::{fs, path::Path};

use serde_json::Value;
use toolwright_tests::is_brought;

use crate::Browser;

/// axe-core, which `npm ci --prefix tests/browser` brings here.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/axe-core/axe.min.js");

/// Runs axe in the page, and gives what it finds.
const RUN: &str = "
    const done = arguments[0];
    axe.run(document, {resultTypes: ['violations']}).then(({violations}) => done(violations), error => done(`${error}`));";

/// What is beyond the window's right edge, innermost, if people have to scroll there.
const OVERHANG: &str = "
    const {scrollWidth, clientWidth} = document.scrollingElement;
    const isBeyond = (element) => element.getBoundingClientRect().right > clientWidth;
    const beyond = [...document.querySelectorAll('body *')].filter((element) => isBeyond(element) && ![...element.children].some(isBeyond));
    return scrollWidth > clientWidth ? beyond.map((element) => element.outerHTML.slice(0, 200)).join(' and ') : null;";

/// Whether axe-core was brought. A test that lacks it says so and has to end; in CI it fails.
pub(super) fn is_there() -> bool {
    is_brought(Path::new(AXE), "tests/browser")
}

impl Browser {
    /// What keeps people from using the page as it is shown: what axe calls serious or critical, and what they
    /// would have to scroll sideways for. A line each.
    ///
    /// # Panics
    /// When axe cannot be run.
    pub async fn obstacles(&self) -> Vec<String> {
        let axe = fs::read_to_string(AXE).expect("axe-core");
        self.driver.execute(axe, vec![]).await.expect("axe is loaded");
        let found = self.driver.execute_async(RUN, vec![]).await.expect("axe runs");
        let found = found.json().as_array().unwrap_or_else(|| panic!("axe says {}", found.json())).clone();
        let grave = found.iter().filter(|rule| rule["impact"] == "serious" || rule["impact"] == "critical");
        let mut obstacles: Vec<_> = grave.flat_map(lines).collect();
        if let Some(overhang) = self.ask(OVERHANG, vec![]).await.as_str() {
            obstacles.push(format!("the page is wider than its window: {overhang}"));
        }
        obstacles
    }

    /// Looks at the page on a desktop and a phone, in light and in dark: nothing may be in people's way. Takes a picture of each.
    ///
    /// # Panics
    /// When something is.
    pub async fn assert_usable(&self, name: &str) {
        let mut obstacles = Vec::new();
        for (screen, scheme) in crate::LOOKS {
            self.look(screen, scheme).await;
            let look = format!("{name}-{screen:?}-{scheme:?}").to_lowercase();
            self.screenshot(&look).await;
            obstacles.extend(self.obstacles().await.into_iter().map(|line| format!("{look}: {line}")));
        }
        self.look(crate::Screen::Desktop, crate::Scheme::Light).await;
        assert!(obstacles.is_empty(), "{}:\n{}", self.url().await, obstacles.join("\n"));
    }
}

/// A line for each element that a rule speaks of.
fn lines(rule: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |node: &Value| {
        let summary = text(&node["failureSummary"]).replace('\n', " ");
        format!(
            "{} ({}): {}: {} {summary}",
            text(&rule["id"]),
            text(&rule["impact"]),
            text(&rule["help"]),
            text(&node["html"])
        )
    };
    rule["nodes"].as_array().into_iter().flatten().map(line).collect()
}
