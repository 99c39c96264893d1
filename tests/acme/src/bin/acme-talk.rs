//! A server whose tools speak with their client while they run, each as its arguments say.

use std::{fmt, process::ExitCode};

use serde::Serialize;
use serde_json::Value;
use talk_tools::*;
use toolwright::{
    Ask as _, Call, Content, Context, Elicited, Level, Program, Progress, ReadStore, ResourceLink, Roots, ServerSpec,
    ToolError, WriteStore, mcp_tool,
};

/// The tools of the other manifest, on the server that clients of these tests know.
static SERVER: ServerSpec = ServerSpec {
    groups: talk_tools::SERVER.groups,
    tools: talk_tools::SERVER.tools,
    tool_list: talk_tools::SERVER.tool_list,
    prompts: &[],
    prompt_list: "[]",
    resources: talk_tools::SERVER.resources,
    resource_list: talk_tools::SERVER.resource_list,
    resource_template_list: talk_tools::SERVER.resource_template_list,
    ..acme_tools::SERVER
};

#[derive(ReadStore)]
struct Reading;

#[derive(WriteStore)]
struct Writing;

#[mcp_tool]
async fn tell(_: &Reading, call: &Call, input: tell::Input) -> Result<tell::Output, ToolError> {
    let unfinished = Unfinished;
    for done in input.progress.unwrap_or_default() {
        call.progress(Progress::new(done).of(100.0).saying(format!("{done} of acme's pages")));
    }
    for log in input.logs.unwrap_or_default() {
        let [level, text] = log.as_slice() else { continue };
        let level = Level::ALL.into_iter().find(|known| level == known.as_str());
        call.log(level.unwrap_or(Level::Debug), text);
    }
    if input.hang {
        std::future::pending::<()>().await;
    }
    std::mem::forget(unfinished);
    Ok(tell::Output { told: true })
}

/// Says when a call ends before it has come to its end.
struct Unfinished;

impl Drop for Unfinished {
    fn drop(&mut self) {
        eprintln!("tell was dropped");
    }
}

#[mcp_tool]
async fn book(_: &Writing, call: &Call, input: book::Input) -> Result<book::Output, ToolError> {
    use book::asks::{Name, Seat};
    let booked = book::Output { seat: None, name: None, tried: None };
    match input.how {
        How::One => Ok(book::Output { seat: Some(shown(call.elicit(Seat).await?)?), ..booked }),
        How::Both => {
            let (seat, name) = call.ask((Seat, Name.with_message("Who flies with us?"))).await?;
            Ok(book::Output { seat: Some(shown(seat)?), name: Some(shown(name)?), ..booked })
        }
        How::Rounds => {
            let seat = call.elicit(Seat).await?.accepted()?;
            eprintln!("book knows the seat");
            let name = call.elicit(Name).await?.accepted()?;
            Ok(book::Output { seat: Some(json(seat)?), name: Some(json(name)?), ..booked })
        }
        How::Again => {
            let mut tried = Vec::new();
            loop {
                tried.push(call.elicit(Name).await?.accepted()?.name);
                if tried.last().is_some_and(|name| name == "Ada") {
                    return Ok(book::Output { tried: Some(tried), ..booked });
                }
            }
        }
        How::Foreign => call.ask(rhyme::asks::Rhyme).await.map(|_| booked),
        How::Twice => call.ask((Name, Name.with_message("Who else flies?"))).await.map(|_| booked),
        How::Vain => {
            let _ = call.elicit(Name).await;
            Err(ToolError::wrong_state("the flight is full"))
        }
    }
}

#[mcp_tool]
async fn rhyme(_: &Reading, call: &Call, input: rhyme::Input) -> Result<rhyme::Output, ToolError> {
    use rhyme::asks::{Folders, Rhyme, Title};
    let folders = (input.insists || call.can_ask(Folders)).then_some(Folders);
    let (rhyme, folders) = call.ask((Rhyme, folders)).await?;
    let folders = folders.map(|Roots { roots }| roots.into_iter().map(|root| root.uri).collect());
    Ok(rhyme::Output { rhyme: rhyme.text, model: rhyme.model, folders, titled: call.can_ask(Title) })
}

#[mcp_tool]
async fn draw(_: &Reading, call: &Call, input: draw::Input) -> Result<Content, ToolError> {
    if input.sound {
        call.log(Level::Emergency, "nobody was told of sounds");
    }
    let drawing = Content::text("A dot:").and_image([1, 2, 3], "image/png");
    Ok(if input.sound { drawing.and_audio([4], "audio/wav") } else { drawing })
}

#[mcp_tool]
async fn show(_: &Reading) -> Result<Content, ToolError> {
    let link = ResourceLink::new("notes://2", "second").with_title("The second note").with_media_type("text/plain");
    Ok(Content::text("All:")
        .and_image([1, 2, 3], "image/png")
        .and_audio([4], "audio/wav")
        .and_resource("notes://1", "text/plain", "The first note.")
        .and_resource("notes://3", "application/octet-stream", vec![5, 6])
        .and_resource_link(link))
}

#[mcp_tool]
async fn fill_in(_: &Reading, call: &Call) -> Result<fill_in::Output, ToolError> {
    use fill_in::asks::{Details, Legacy};
    let (details, legacy) = call.ask((Details, Legacy)).await?;
    Ok(fill_in::Output { details: shown(details)?, legacy: Some(shown(legacy)?) })
}

/// What a person answered.
fn shown(answer: Elicited<impl Serialize + fmt::Debug>) -> Result<Value, ToolError> {
    match answer {
        Elicited::Accepted(content) => json(content),
        Elicited::Declined => Ok("declined".into()),
        Elicited::Cancelled => Ok("cancelled".into()),
    }
}

/// The answer as the handler has it.
fn json(answer: impl Serialize) -> Result<Value, ToolError> {
    serde_json::to_value(answer).map_err(ToolError::internal)
}

fn main() -> ExitCode {
    let setup = async |context: Context<()>| -> anyhow::Result<toolwright::Handlers> {
        if let Ok(secret) = std::env::var("ACME_SECRET") {
            context.secrets.learn(&secret);
        }
        Ok(handlers(Reading, Writing))
    };
    Program::new(&SERVER, setup).run()
}
