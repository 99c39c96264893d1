//! A PostgreSQL server of the tests' own.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::chown, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use rustix::process::geteuid;

use crate::{Proxy, is_installed};

/// How long a cluster may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// Whom the server runs as when the tests are root, whom it refuses.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A server with an empty cluster, listening on loopback. It ends with the process that started it.
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    /// Stops the server when nobody holds its standard input any more.
    _keeper: Child,
}

impl Postgres {
    /// The password of every role: `postgres`, who may do anything, `reader`, who may `SELECT`, and `writer`.
    pub const PASSWORD: &str = "pa55-of-the-cluster";

    /// The server that all tests of a binary share. Without PostgreSQL on the machine it says `SKIPPED`, and a test has to end.
    ///
    /// # Panics
    /// When PostgreSQL is missing in CI, or does not start.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        let programs = programs();
        if !is_installed(programs.join("initdb").to_str()?) {
            return None;
        }
        let user = geteuid().is_root().then(unprivileged);
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let password = folder.join("password");
        fs::write(&password, Self::PASSWORD).expect("a file in it");
        if let Some((user, group)) = user {
            chown(&folder, Some(user), Some(group)).expect("root may");
            chown(&password, Some(user), Some(group)).expect("root may");
        }
        let command = |program: PathBuf| {
            let mut command = Command::new(program);
            if let Some((user, group)) = user {
                command.uid(user).gid(group);
            }
            command.current_dir(&folder).env("LC_ALL", "C");
            command
        };
        // Not SCRAM: its hash takes long in a client that is built for tests.
        let made = command(programs.join("initdb"))
            .args(["--pgdata=data", "--username=postgres", "--auth=password", "--pwfile=password"])
            .args(["--encoding=UTF8", "--locale=C", "--no-sync"])
            .output()
            .expect("initdb");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a port").port();
        // The shell lives as long as the pipe to it, however the tests end, and takes the server and its files along.
        let keeper = r#""$0" "$@" </dev/null >log 2>&1 & read -r _; kill -INT $!; wait $!; cd /; rm -rf "$FOLDER""#;
        let keeper = command("sh".into())
            .arg("-c")
            .arg(keeper)
            .arg(programs.join("postgres"))
            .args(["-D", "data", "-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB"])
            .env("FOLDER", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let server = Self { programs, port, _keeper: keeper };
        let started = Instant::now();
        while let Err(error) = server.psql("postgres", "SELECT 1") {
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(started.elapsed() < PATIENCE, "PostgreSQL does not start: {error}\n{}", log());
            thread::sleep(Duration::from_millis(20));
        }
        let mut roles = String::new();
        for role in ["reader", "writer"] {
            let _ = write!(roles, "CREATE ROLE {role} LOGIN PASSWORD '{}';", Self::PASSWORD);
        }
        server.sql("postgres", &roles);
        Some(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database, for a role that has [`Self::PASSWORD`].
    pub fn url(&self, role: &str, database: &str) -> String {
        url(role, self.port, database)
    }

    /// The same by another way to the server.
    pub fn url_by(&self, proxy: &Proxy, role: &str, database: &str) -> String {
        url(role, proxy.port(), database)
    }

    /// A way to the server that can be cut.
    pub fn proxy(&self) -> Proxy {
        Proxy::to(self.port)
    }

    /// Makes a database and fills it. What the SQL makes in any schema, `reader` can read and `writer` can change.
    ///
    /// # Panics
    /// When the SQL is wrong.
    pub fn database(&self, name: &str, sql: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        let grants = "DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO reader, writer', name);
                EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO reader, writer', name);
                EXECUTE format('GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO writer', name);
            END LOOP; END $$;";
        self.sql(name, &format!("{sql};{grants}"));
    }

    /// What statements print, one row a line, when the superuser runs them.
    ///
    /// # Panics
    /// When they fail.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.psql(database, sql).unwrap_or_else(|error| panic!("{error}"))
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["--host=127.0.0.1", "--username=postgres", "--port", &self.port.to_string(), "--dbname", database])
            .env("PGPASSWORD", Self::PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        // A psql that could not connect has closed its end; its own words follow.
        let _ = psql.stdin.take().expect("is piped").write_all(sql.as_bytes());
        let output = psql.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn url(role: &str, port: u16, database: &str) -> String {
    format!("postgres://{role}:{}@127.0.0.1:{port}/{database}", Postgres::PASSWORD)
}

/// Where PostgreSQL's programs are: Debian keeps those of each version in a folder beside the path.
fn programs() -> PathBuf {
    let on_path = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut versions: Vec<_> = versions.collect();
    versions.sort();
    // A link on the path leads to where the other programs are as well.
    let home = |folder: PathBuf| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned());
    on_path.chain(versions.into_iter().rev()).find_map(home).unwrap_or_default()
}

fn unprivileged() -> (u32, u32) {
    let id = |option: &str, user: &str| {
        let output = Command::new("id").args([option, user]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let found = UNPRIVILEGED.iter().find_map(|user| Some((id("-u", user)?, id("-g", user)?)));
    found.expect("a user whom PostgreSQL can run as")
}
