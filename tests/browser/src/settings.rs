//! The way into the settings of a server.

use toolwright_tests::Server;

use crate::Browser;

/// The address of a link, before its code.
const LINK: &str = "/settings/sign-in?code=";

impl Browser {
    /// Signs in with the link that the server has printed when it started.
    ///
    /// # Panics
    /// When it has printed none, or it does not work.
    pub async fn sign_in(&self, server: &Server) {
        let printed = server.wait_for_line(&[LINK]);
        let link = printed.split_whitespace().find(|word| word.contains(LINK));
        self.follow(link.expect("a link"), "local").await;
    }

    /// Signs a user in, with a link that the command `sign-in` prints.
    ///
    /// # Panics
    /// When it prints none, or it does not work.
    pub async fn sign_in_as(&self, server: &Server, user: &str) {
        let link = server.succeed(&["sign-in", "--listen", server.authority(), "--user", user]);
        self.follow(link.trim(), user).await;
    }

    async fn follow(&self, link: &str, whose: &str) {
        self.visit(link).await;
        self.click("button", &format!("Sign in as {whose}")).await;
        self.find("heading", "Tokens").await;
    }
}
