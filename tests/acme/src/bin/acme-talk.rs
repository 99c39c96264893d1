//! A server whose tools speak with their client while they run, each as its arguments say. What is generated elsewhere is written
//! by hand here.

use std::{process::ExitCode, sync::Arc};

use serde_json::{Value, json};
use toolwright::{
    Ask, Call, Content, Context, Elicited, Handlers, Level, Program, Progress, Roots, Sampled, ServerSpec, ToolError,
    contract::{
        AskKind, AskSpec, ContentKind, DeclaredAccess, Dispatch, GroupSpec, Reply, Requirement, ToolSpec, undeclared,
    },
};

/// What the tools ask, as types.
mod asks {
    use super::*;

    macro_rules! asks {
        ($($ask:ident: $answer:ty = $spec:expr;)+) => {$(
            pub(crate) struct $ask;
            impl Ask for $ask {
                const SPEC: &'static AskSpec = &$spec;
                type Answer = $answer;
            }
        )+};
    }

    const SEAT: &str = r#"{
        "type": "object",
        "properties": {
            "row": {"type": "integer", "minimum": 1, "maximum": 30},
            "window": {"type": "boolean", "default": true}
        },
        "required": ["row"]
    }"#;
    const NAME: &str =
        r#"{"type": "object", "properties": {"name": {"type": "string", "minLength": 1}}, "required": ["name"]}"#;

    asks! {
        Seat: Elicited<Value> = AskSpec {
            key: "seat",
            kind: AskKind::Form { message: "Which seat to {{ flight }}?", schema: SEAT },
            optional: false,
        };
        Name: Elicited<Value> = AskSpec {
            key: "name",
            kind: AskKind::Form { message: "Who flies?", schema: NAME },
            optional: false,
        };
        Rhyme: Sampled = AskSpec {
            key: "rhyme",
            kind: AskKind::Sample { prompt: "What rhymes with {{ word }}?", max_tokens: 40 },
            optional: false,
        };
        Folders: Roots = AskSpec { key: "folders", kind: AskKind::Roots, optional: true };
        Title: Elicited<Value> = AskSpec {
            key: "title",
            kind: AskKind::Form { message: "Which title?", schema: NAME },
            optional: true,
        };
    }
}

macro_rules! tools {
    ($($tool:ident = $access:ident, $asks:expr, $logs:expr, $content:expr;)+) => {
        $(static $tool: ToolSpec = ToolSpec {
            name: const { lowercase(stringify!($tool)) },
            group: "talking",
            access: DeclaredAccess::$access,
            records: false,
            costs: None,
            question: None,
            asks: $asks,
            logs: $logs,
            content: $content,
            requirement: Requirement::all_of(&[]),
        };)+
        const TOOLS: &[&ToolSpec] = &[$(&$tool),+];
    };
}

/// The name of a tool, which is its constant's.
const fn lowercase(name: &'static str) -> &'static str {
    match name.as_bytes() {
        b"TELL" => "tell",
        b"BOOK" => "book",
        b"RHYME" => "rhyme",
        b"DRAW" => "draw",
        _ => "unknown",
    }
}

tools! {
    TELL = Read, &[], true, &[];
    BOOK = Write, &[asks::Seat::SPEC, asks::Name::SPEC], false, &[];
    RHYME = Read, &[asks::Rhyme::SPEC, asks::Folders::SPEC, asks::Title::SPEC], false, &[];
    DRAW = Read, &[], false, &[ContentKind::Text, ContentKind::Image];
}

const TOOL_LIST: &str = r#"[
    {"name": "tell", "title": "tell", "description": "tells", "inputSchema": {"type": "object", "properties": {
        "progress": {"type": "array", "items": {"type": "number"}},
        "logs": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        "hang": {"type": "boolean"}
    }}, "outputSchema": {"type": "object"}},
    {"name": "book", "title": "book", "description": "books", "inputSchema": {"type": "object", "properties": {
        "flight": {"type": "string"}, "how": {"enum": ["one", "both", "rounds", "again", "foreign"]}
    }, "required": ["flight", "how"]}, "outputSchema": {"type": "object"}},
    {"name": "rhyme", "title": "rhyme", "description": "rhymes", "inputSchema": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
     "outputSchema": {"type": "object"}},
    {"name": "draw", "title": "draw", "description": "draws", "inputSchema": {"type": "object", "properties": {"sound": {"type": "boolean"}}}}
]"#;

static SERVER: ServerSpec = ServerSpec {
    groups: &[GroupSpec { name: "talking", title: "Talking" }],
    tools: TOOLS,
    tool_list: TOOL_LIST,
    prompts: &[],
    prompt_list: "[]",
    ..acme_tools::SERVER
};

struct Tools;

impl Dispatch for Tools {
    fn dispatch(self: Arc<Self>, call: Call, arguments: Value) -> Reply {
        match call.tool().name {
            "tell" => Box::pin(async move { tell(&call, &arguments).await }),
            "book" => Box::pin(async move { book(&call, &arguments).await }),
            "rhyme" => Box::pin(async move { rhyme(&call).await }),
            "draw" => Box::pin(async move { draw(&arguments) }),
            _ => undeclared(&call),
        }
    }
}

async fn tell(call: &Call, arguments: &Value) -> Result<Value, ToolError> {
    let unfinished = Unfinished;
    for done in arguments["progress"].as_array().into_iter().flatten().filter_map(Value::as_f64) {
        call.progress(Progress::new(done).of(100.0).saying(format!("{done} of acme's pages")));
    }
    for log in arguments["logs"].as_array().into_iter().flatten() {
        let level = Level::ALL.into_iter().find(|level| log[0] == level.as_str());
        call.log(level.unwrap_or(Level::Debug), log[1].as_str().unwrap_or_default());
    }
    if arguments["hang"] == true {
        std::future::pending::<()>().await;
    }
    std::mem::forget(unfinished);
    Ok(json!({ "told": true }))
}

/// Says when a call ends before it has come to its end.
struct Unfinished;

impl Drop for Unfinished {
    fn drop(&mut self) {
        eprintln!("tell was dropped");
    }
}

async fn book(call: &Call, arguments: &Value) -> Result<Value, ToolError> {
    let shown = |answer: Elicited<Value>| match answer {
        Elicited::Accepted(content) => content,
        Elicited::Declined => json!("declined"),
        Elicited::Cancelled => json!("cancelled"),
    };
    match arguments["how"].as_str() {
        Some("one") => Ok(json!({ "seat": shown(call.ask(asks::Seat).await?) })),
        Some("both") => {
            let (seat, name) = call.ask((asks::Seat, asks::Name.with_message("Who flies with us?"))).await?;
            Ok(json!({ "seat": shown(seat), "name": shown(name) }))
        }
        Some("rounds") => {
            let seat = call.ask(asks::Seat).await?.accepted()?;
            eprintln!("book knows the seat");
            let name = call.ask(asks::Name).await?.accepted()?;
            Ok(json!({ "seat": seat, "name": name }))
        }
        Some("again") => {
            let mut tried = Vec::new();
            loop {
                let name = call.ask(asks::Name).await?.accepted()?;
                tried.push(name["name"].clone());
                if name["name"] == "Ada" {
                    return Ok(json!({ "tried": tried }));
                }
            }
        }
        _ => call.ask(asks::Rhyme).await.map(|_| json!({})),
    }
}

async fn rhyme(call: &Call) -> Result<Value, ToolError> {
    let folders = call.can_ask(asks::Folders).then_some(asks::Folders);
    let (rhyme, folders) = call.ask((asks::Rhyme, folders)).await?;
    let folders = folders.map(|Roots { roots }| roots.into_iter().map(|root| root.uri).collect::<Vec<_>>());
    Ok(json!({ "rhyme": rhyme.text, "model": rhyme.model, "folders": folders, "titled": call.can_ask(asks::Title) }))
}

fn draw(arguments: &Value) -> Result<Value, ToolError> {
    let drawing = Content::text("A dot:").and_image([1, 2, 3], "image/png");
    let drawing = if arguments["sound"] == true { drawing.and_audio([4], "audio/wav") } else { drawing };
    serde_json::to_value(drawing).map_err(ToolError::internal)
}

fn main() -> ExitCode {
    let setup = async |context: Context<()>| -> anyhow::Result<Handlers> {
        if let Ok(secret) = std::env::var("ACME_SECRET") {
            context.secrets.learn(&secret);
        }
        Ok(Handlers::new(Tools))
    };
    Program::new(&SERVER, setup).run()
}
