//! A service of a test, and how it is asked.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use catalyst::{Access, JudgeOptions, NewKey, Options, Service};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

/// A service with a team `Ours`, its projects `demo` and `other`, and a team `Theirs` with a project `foreign`.
pub(crate) struct Api {
    pub(crate) service: Service,
    pub(crate) demo: String,
    pub(crate) other: String,
    pub(crate) foreign: String,
    pub(crate) folder: TempDir,
    address: SocketAddr,
    client: Client,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_with(&JudgeOptions::default()).await
    }

    /// One whose answers are judged by whom these options name.
    pub(crate) async fn start_with(judge: &JudgeOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Self::open(&folder).await.judged_by(judge).unwrap();
        service.create_team("Ours").await.unwrap();
        service.create_team("Theirs").await.unwrap();
        let project = async |team, name| service.create_project(team, name).await.unwrap().id;
        let (demo, other) = (project("Ours", "demo").await, project("Ours", "other").await);
        let foreign = project("Theirs", "foreign").await;
        Self::serve(folder, service, [demo, other, foreign]).await
    }

    /// One on the store of another that has stopped.
    pub(crate) async fn resume(stopped: Stopped) -> Self {
        Self::resume_with(stopped, &JudgeOptions::default()).await
    }

    /// One whose answers are judged by whom these options name.
    pub(crate) async fn resume_with(Stopped { folder, projects }: Stopped, judge: &JudgeOptions) -> Self {
        let service = Self::open(&folder).await.judged_by(judge).unwrap();
        Self::serve(folder, service, projects).await
    }

    async fn open(folder: &TempDir) -> Service {
        Service::open(&Options { store: folder.path().join("store.db") }).await.unwrap()
    }

    async fn serve(folder: TempDir, service: Service, [demo, other, foreign]: [String; 3]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(service.clone().serve(listener, shutdown.clone()));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { service, demo, other, foreign, folder, address, client, shutdown, serving }
    }

    /// A key of `Ours` with these grants.
    pub(crate) async fn key(&self, grants: &[(&str, Access)], default: Option<&str>) -> SecretString {
        self.service.create_key(NewKey { name: "a key", team: "Ours", grants, default }).await.unwrap()
    }

    /// A key that may do this in `demo`.
    pub(crate) async fn demo_key(&self, access: Access) -> SecretString {
        self.key(&[("demo", access)], None).await
    }

    pub(crate) fn request(&self, key: &SecretString, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(key.expose_secret())
    }

    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// What the path answers, which must be good.
    pub(crate) async fn get(&self, key: &SecretString, path: &str) -> Value {
        let (status, answer) = answered(self.request(key, Method::GET, path)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// What is answered to a body, which must be good.
    pub(crate) async fn post(&self, key: &SecretString, path: &str, body: &Value) -> Value {
        let (status, answer) = answered(self.request(key, Method::POST, path).json(body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// The status, the code and the message of the refusal of a body.
    pub(crate) async fn post_refused(&self, key: &SecretString, path: &str, body: &Value) -> (u16, String, String) {
        let (status, answer) = answered(self.request(key, Method::POST, path).json(body)).await;
        let text = |field| answer["error"][field].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (status, text("code"), text("message"))
    }

    /// What the path answers as soon as it is such an answer.
    pub(crate) async fn get_until(&self, key: &SecretString, path: &str, such: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let answer = self.get(key, path).await;
            if such(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path} never comes to that: {answer}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the service, which must end well.
    pub(crate) async fn stop(self) {
        self.pause().await;
    }

    /// Stops the service, and keeps what it has stored.
    pub(crate) async fn pause(self) -> Stopped {
        self.shutdown.cancel();
        self.serving.await.unwrap().unwrap();
        Stopped { folder: self.folder, projects: [self.demo, self.other, self.foreign] }
    }
}

/// What a service has stored that has stopped.
pub(crate) struct Stopped {
    folder: TempDir,
    projects: [String; 3],
}

impl Stopped {
    /// Has the store be as a service leaves it that is killed.
    pub(crate) async fn change(&self, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("store.db"));
        let store = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(statement).execute(&store).await.unwrap();
        store.close().await;
    }
}

/// The status and the JSON of an answer.
pub(crate) async fn answered(request: RequestBuilder) -> (u16, Value) {
    let response: Response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}: {error}: {text}")))
}

/// The status of a refusal, and its code.
pub(crate) async fn refused(request: RequestBuilder) -> (u16, String) {
    let (status, answer) = answered(request).await;
    assert!(answer["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    (status, answer["error"]["code"].as_str().unwrap_or_default().to_owned())
}
