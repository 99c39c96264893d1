//! Samples: traces of a few agents, as if they had run for the last days, to try everything on.
//!
//! What the agents are asked, do and answer is in `samples/`, with faults among it for HALO to find. [`story`] is its
//! form, and [`telling`] makes the spans that such agents would have sent. They come in as all spans do, and [`made`] is
//! what is done with them.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{Project, Service, Taken, time};

mod made;
mod story;
mod telling;

use story::Agent;
use telling::Teller;

/// What each agent does. The first trace of all is the one that the manifest's examples name.
const AGENTS: [&str; 4] = [
    include_str!("../../samples/customer-support-agent.json"),
    include_str!("../../samples/research-agent.json"),
    include_str!("../../samples/invoice-reader.json"),
    include_str!("../../samples/ticket-triage.json"),
];

impl Service {
    /// Gives a project traces of the last days, and what is made of them. One that has them keeps those.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load_samples(&self, project: &Project) -> anyhow::Result<Taken> {
        let taken = self.import(project, export(time::now())?.to_string().into_bytes()).await?;
        made::make(self, project).await?;
        Ok(taken)
    }
}

/// What the agents sent until now, as OTLP.
fn export(now: i64) -> anyhow::Result<Value> {
    let mut resources = Vec::new();
    for text in AGENTS {
        let agent: Agent = serde_json::from_str(text).context("the samples")?;
        for (service, share) in &agent.services {
            let spans: Vec<Value> = traces(&agent, service, *share, now).collect();
            let resource = json!({"attributes": telling::attributes(json!({"service.name": service}))});
            resources
                .push(json!({"resource": resource, "scopeSpans": [{"scope": {"name": "samples"}, "spans": spans}]}));
        }
    }
    Ok(json!({"resourceSpans": resources}))
}

/// The spans of an agent in one of its services, which has a share of its runs.
fn traces(agent: &Agent, service: &str, share: f64, now: i64) -> impl Iterator<Item = Value> {
    agent.conversations.iter().enumerate().flat_map(move |(number, conversation)| {
        // Where a service has few runs, it has only those that most are like.
        let runs = story::share_of(conversation.runs, share);
        (0..runs).flat_map(move |run| {
            let begun = telling::begun(now, number, run, runs);
            Teller::new(agent, service, number, run, begun).tell(conversation)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_gives_the_same_samples() {
        let now = time::now();
        assert_eq!(export(now).unwrap(), export(now).unwrap());
    }
}
