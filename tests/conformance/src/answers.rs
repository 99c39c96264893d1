//! What a tool answers with, and says while it works.

use std::time::Duration;

use conformance_tools::*;
use tokio::time::sleep;
use toolwright::{Call, Content, Level, Progress, ToolError, mcp_tool};

use crate::Checks;

const RED: &[u8] = include_bytes!("../files/red.png");
const SILENCE: &[u8] = include_bytes!("../files/silence.wav");

/// How long a step takes: so long that a client hears of each by itself.
const STEP: Duration = Duration::from_millis(50);

#[mcp_tool]
async fn test_simple_text(_: &Checks) -> Result<Content, ToolError> {
    Ok(Content::text("This is a simple text response for testing."))
}

#[mcp_tool]
async fn test_image_content(_: &Checks) -> Result<Content, ToolError> {
    Ok(Content::image(RED, "image/png"))
}

#[mcp_tool]
async fn test_audio_content(_: &Checks) -> Result<Content, ToolError> {
    Ok(Content::audio(SILENCE, "audio/wav"))
}

#[mcp_tool]
async fn test_embedded_resource(_: &Checks) -> Result<Content, ToolError> {
    Ok(Content::resource("test://embedded-resource", "text/plain", "This is an embedded resource content."))
}

#[mcp_tool]
async fn test_multiple_content_types(_: &Checks) -> Result<Content, ToolError> {
    let json = r#"{"test":"data","value":123}"#;
    Ok(Content::text("Multiple content types test:").and_image(RED, "image/png").and_resource(
        "test://mixed-content-resource",
        "application/json",
        json,
    ))
}

#[mcp_tool]
async fn test_error_handling(_: &Checks) -> Result<Content, ToolError> {
    Err(ToolError::wrong_state("This tool intentionally returns an error for testing"))
}

#[mcp_tool]
async fn test_tool_with_progress(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    call.progress(Progress::new(0.0).of(100.0));
    sleep(STEP).await;
    call.progress(Progress::new(50.0).of(100.0));
    sleep(STEP).await;
    call.progress(Progress::new(100.0).of(100.0));
    Ok(Content::text("It is done."))
}

#[mcp_tool]
async fn test_tool_with_logging(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    call.log(Level::Info, "Tool execution started");
    sleep(STEP).await;
    call.log(Level::Info, "Tool processing data");
    sleep(STEP).await;
    call.log(Level::Info, "Tool execution completed");
    Ok(Content::text("It is done."))
}

#[mcp_tool]
async fn test_logging_tool(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    call.log(Level::Info, "Only who asks for messages reads this.");
    Ok(Content::text("It is done."))
}

#[mcp_tool]
async fn test_words(_: &Checks) -> Result<test_words::Output, ToolError> {
    Ok(test_words::Output { words: ["paris", "park", "party", "test"].map(str::to_owned).into() })
}

#[mcp_tool]
async fn test_template(_: &Checks, input: test_template::Input) -> Result<test_template::Output, ToolError> {
    let data = format!("Data for ID: {}", input.id);
    Ok(test_template::Output { id: input.id, template_test: true, data })
}
