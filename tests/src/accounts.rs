//! Servers whose calls are about accounts: who belongs where, through the command line.

use crate::{Client, Revision, Server, StdioPipe, Transport, Variables};

impl Server {
    /// The endpoint's URL for one account, which its path names as it stands here.
    ///
    /// # Panics
    /// When the endpoint's path names no account.
    pub fn url_of(&self, account: &str) -> String {
        let (before, rest) = self.url().split_once('{').expect("a path that names an account");
        let (_, after) = rest.split_once('}').expect("a whole placeholder");
        format!("{before}{account}{after}")
    }

    /// Runs a command that has to succeed, and gives what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let ran = self.command(arguments);
        assert!(ran.status.success(), "{arguments:?}: {}", ran.stderr);
        ran.stdout.trim().to_owned()
    }

    /// Makes an account with these flags, and gives its id.
    pub fn account(&self, subdomain: &str, flags: &[&str]) -> String {
        let id = self.succeed(&["account", "create", "--subdomain", subdomain, "--name", subdomain]);
        for flag in flags {
            self.succeed(&["account", "enable", &id, flag]);
        }
        id
    }

    /// Makes a user who is a member of these accounts, each by its id or its subdomain.
    pub fn user(&self, email: &str, accounts: &[&str]) {
        self.succeed(&["user", "create", "--email", email, "--name", email]);
        for account in accounts {
            self.succeed(&["account", "add-member", account, email]);
        }
    }

    /// Creates a token of a user with exactly these scopes.
    pub fn token_of_user(&self, email: &str, name: &str, scopes: &[&str]) -> String {
        let mut arguments = vec!["token", "create", "--name", name, "--user", email];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        self.succeed(&arguments)
    }
}

impl Client {
    /// A client of a server, over any transport, whose calls are about an account; nothing is sent yet.
    pub fn about(
        server: &Server,
        account: &str,
        variables: Variables,
        transport: Transport,
        revision: Revision,
        token: Option<&str>,
    ) -> Self {
        let mut environment: Vec<_> = token.map(|token| (variables.credential, token)).into_iter().collect();
        let address = server.address();
        let arguments = ["--account", account];
        let pipe = match transport {
            Transport::Http => return Self::http(&server.url_of(account), token, revision),
            Transport::Stdio => StdioPipe::start(server.binary(), server.folder(), &environment, &arguments),
            Transport::Gateway => {
                environment.push((variables.gateway, &address));
                StdioPipe::alone_with(server.binary(), &environment, &arguments)
            }
        };
        Self::stdio(pipe, revision)
    }
}
