//! How long it takes to tell whose a token is, with 10,000 tokens in PostgreSQL: remembered, and asked of the database each
//! time. `cargo bench -p acme --bench verification`.
//!
//! Calls come in a row, which says what the work takes, and at 1,000 a second, as two machines have it: one that has something
//! to do between two calls, and one that has nothing, whose processor sleeps. Of 10,000 tokens each comes once in ten seconds
//! then, and what is known of it has left the caches: that is what there is to pay for. Nothing is measured too.

use std::{
    env, fmt, hint,
    time::{Duration, Instant},
};

use toolwright::benchmark::Verification;
use toolwright_tests::Postgres;

/// How far the tokens of two calls are apart: it has no factor in common with how many there are, so that each gets its turn.
const STRIDE: usize = 7919;

/// How much is measured.
#[derive(Clone, Copy)]
struct Scale {
    tokens: usize,
    calls: usize,
    per_second: u32,
}

const WHOLE: Scale = Scale { tokens: 10_000, calls: 20_000, per_second: 1_000 };

/// To see that it works, where nobody asked for numbers.
const BRIEF: Scale = Scale { tokens: 100, calls: 200, per_second: 1_000 };

/// What the design promises that a remembered token adds to a call. It is not held on a processor that sleeps, where each step in
/// memory takes as long as the machine takes to wake.
const PROMISE: Duration = Duration::from_micros(2);

/// What happens between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    Work,
    Sleep,
}

impl Between {
    const ALL: [Self; 3] = [Self::Nothing, Self::Work, Self::Sleep];

    /// Lets the time pass until the next call is due.
    async fn pass(self, due: Instant) {
        match self {
            Self::Nothing => {}
            Self::Work => {
                // Not a loop that waits: a processor that is shared is taken away from one.
                let mut sum = 0_u64;
                while Instant::now() < due {
                    for number in 0..64 {
                        sum = hint::black_box(sum.wrapping_mul(31).wrapping_add(number));
                    }
                }
            }
            Self::Sleep => tokio::time::sleep_until(due.into()).await,
        }
    }

    fn described(self, per_second: u32) -> String {
        match self {
            Self::Nothing => "in a row".to_owned(),
            Self::Work => format!("{per_second} a second, on a processor that works"),
            Self::Sleep => format!("{per_second} a second, on a processor that sleeps"),
        }
    }
}

/// How long each call took, in order.
struct Times(Vec<Duration>);

impl Times {
    fn quantile(&self, part: usize) -> Duration {
        self.0[self.0.len() * part / 1000]
    }

    fn median(&self) -> Duration {
        self.quantile(500)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quantiles = [(500, "median"), (900, "90 %"), (990, "99 %"), (999, "99.9 %")];
        for (part, name) in quantiles {
            write!(f, "  {name} {:>10.2?}", self.quantile(part))?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() {
    let is_asked_for = env::args().any(|argument| argument == "--bench");
    let scale = if is_asked_for { WHOLE } else { BRIEF };
    let Some(postgres) = Postgres::shared() else { return };
    postgres.database("bench", "");
    let url = postgres.url("postgres", "bench");

    let asking = open(&url, false).await;
    let tokens = fill(postgres, scale.tokens);
    let mut promised = Vec::new();
    println!("{} tokens, {} calls each:", scale.tokens, scale.calls);
    for between in Between::ALL {
        // Each is asked for once, and from then on remembered for a minute, which is longer than it is measured.
        let remembering = open(&url, true).await;
        measure(Some(&remembering), &tokens, &Scale { calls: scale.tokens, ..scale }, Between::Nothing).await;
        let remembered = measure(Some(&remembering), &tokens, &scale, between).await;
        remembering.close().await;
        let asked = measure(Some(&asking), &tokens, &scale, between).await;
        let nothing = measure(None, &tokens, &scale, between).await;
        let adds = remembered.median().saturating_sub(nothing.median());
        let ratio = asked.median().as_secs_f64() / remembered.median().as_secs_f64();
        println!("{}:", between.described(scale.per_second));
        println!("  remembered{remembered}");
        println!("  asked     {asked}");
        println!("  nothing   {nothing}");
        println!("  at the median: remembered - nothing {adds:.2?}, asked / remembered {ratio:.0}");
        if between != Between::Sleep {
            promised.push(adds);
        }
    }
    asking.close().await;
    let is_kept = promised.iter().all(|adds| *adds < PROMISE);
    assert!(!is_asked_for || is_kept, "a remembered token is to add less than {PROMISE:?} at the median");
}

async fn open(url: &str, remembers: bool) -> Verification {
    Verification::open(&acme_tools::SERVER, url, remembers).await.expect("the database")
}

/// Puts tokens into the database, as the server would, which have all been used lately.
fn fill(postgres: &Postgres, tokens: usize) -> Vec<String> {
    let expires = i64::from(u32::MAX);
    postgres.sql(
        "bench",
        &format!(
            "INSERT INTO toolwright.tokens (id, digest, name, subject, scopes, created_at, expires_at, last_used_at)
             SELECT 'tok_' || n, sha256(('acme_' || lpad(n::text, 40, '0'))::bytea), n, 'local', 'notes:read', 0, {expires},
                    extract(epoch FROM now())::bigint
             FROM generate_series(0, {tokens} - 1) AS n; ANALYZE"
        ),
    );
    (0..tokens).map(|n| format!("acme_{n:040}")).collect()
}

/// Verifies tokens in turn; or does nothing in its place, which takes its time as well on a processor that comes from elsewhere.
async fn measure(verification: Option<&Verification>, tokens: &[String], scale: &Scale, between: Between) -> Times {
    let mut times = Vec::with_capacity(scale.calls);
    let mut due = Instant::now();
    for call in 0..scale.calls {
        between.pass(due).await;
        due += Duration::from_secs(1) / scale.per_second;
        // A request has just brought it, so that it is at hand.
        let token = hint::black_box(tokens[call * STRIDE % tokens.len()].clone());
        let begun = Instant::now();
        let is_good = match verification {
            Some(verification) => verification.verify(&token).await,
            None => hint::black_box(!token.is_empty()),
        };
        times.push(begun.elapsed());
        assert!(is_good, "{token}");
    }
    times.sort_unstable();
    Times(times)
}
