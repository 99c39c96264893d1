//! What a tool asks while it works.

use conformance_tools::*;
use serde::Serialize;
use serde_json::json;
use toolwright::{Ask as _, Call, Content, Elicited, Progress, Sampled, ToolError, mcp_tool};

use crate::Checks;

/// What a person did with a form.
fn said(answer: Elicited<impl Serialize>) -> String {
    match answer {
        Elicited::Accepted(content) => format!("action=accept, content={}", json!(content)),
        Elicited::Declined => "action=decline".to_owned(),
        Elicited::Cancelled => "action=cancel".to_owned(),
    }
}

/// What the client's model said.
fn sampled(answer: &Sampled) -> Content {
    Content::text(format!("LLM response: {}", answer.text))
}

#[mcp_tool]
async fn test_elicitation(_: &Checks, call: &Call, input: test_elicitation::Input) -> Result<Content, ToolError> {
    let answer = call.ask(test_elicitation::asks::User.with_message(input.message)).await?;
    Ok(Content::text(format!("User response: {}", said(answer))))
}

#[mcp_tool]
async fn test_elicitation_sep1034_defaults(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    let answer = call.ask(test_elicitation_sep1034_defaults::asks::User).await?;
    Ok(Content::text(format!("Elicitation completed: {}", said(answer))))
}

#[mcp_tool]
async fn test_elicitation_sep1330_enums(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    let answer = call.ask(test_elicitation_sep1330_enums::asks::Choices).await?;
    Ok(Content::text(format!("Elicitation completed: {}", said(answer))))
}

#[mcp_tool]
async fn test_sampling(_: &Checks, call: &Call, input: test_sampling::Input) -> Result<Content, ToolError> {
    let answer = call.ask(test_sampling::asks::Answer.with_message(input.prompt)).await?;
    Ok(sampled(&answer))
}

#[mcp_tool]
async fn test_missing_capability(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    Ok(sampled(&call.ask(test_missing_capability::asks::Answer).await?))
}

#[mcp_tool]
async fn test_streaming_elicitation(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    call.progress(Progress::new(1.0).of(2.0));
    let answer = call.ask(test_streaming_elicitation::asks::Proceed).await?;
    Ok(Content::text(said(answer)))
}

#[mcp_tool]
async fn test_input_required_result_elicitation(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    let user = call.ask(test_input_required_result_elicitation::asks::UserName).await?.accepted()?;
    Ok(Content::text(format!("Hello, {}!", user.name)))
}

#[mcp_tool]
async fn test_input_required_result_sampling(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    Ok(sampled(&call.ask(test_input_required_result_sampling::asks::CapitalQuestion).await?))
}

#[mcp_tool]
async fn test_input_required_result_list_roots(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    let answer = call.ask(test_input_required_result_list_roots::asks::ClientRoots).await?;
    let uris: Vec<_> = answer.roots.into_iter().map(|root| root.uri).collect();
    Ok(Content::text(format!("The client works in {}.", uris.join(", "))))
}

#[mcp_tool]
async fn test_input_required_result_request_state(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    let answer = call.ask(test_input_required_result_request_state::asks::Confirm).await?;
    // The runtime has held the state against the call before this is reached.
    Ok(Content::text(format!("state-ok: {}", said(answer))))
}

#[mcp_tool]
async fn test_input_required_result_multiple_inputs(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    use test_input_required_result_multiple_inputs::asks::{ClientRoots, Greeting, UserName};
    let (user, greeting, folders) = call.ask((UserName, Greeting, ClientRoots)).await?;
    let (user, greeting, folders) = (user.accepted()?.name, greeting.text, folders.roots.len());
    Ok(Content::text(format!("{greeting} {user} works in {folders} folders.")))
}

#[mcp_tool]
async fn test_input_required_result_multi_round(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    use test_input_required_result_multi_round::asks::{Step1, Step2};
    let user = call.ask(Step1).await?.accepted()?;
    let favorite = call.ask(Step2).await?.accepted()?;
    Ok(Content::text(format!("{} likes {}.", user.name, favorite.color)))
}

#[mcp_tool]
async fn test_input_required_result_tampered_state(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    let answer = call.ask(test_input_required_result_tampered_state::asks::Confirm).await?;
    Ok(Content::text(said(answer)))
}

#[mcp_tool]
async fn test_input_required_result_capabilities(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    use test_input_required_result_capabilities::asks::{Greeting, UserName};
    let asked = (call.can_ask(UserName).then_some(UserName), call.can_ask(Greeting).then_some(Greeting));
    let (user, greeting) = call.ask(asked).await?;
    let user = user.map(|user| user.accepted().map(|user| user.name)).transpose()?.unwrap_or_default();
    let greeting = greeting.map(|greeting| greeting.text).unwrap_or_default();
    Ok(Content::text(format!("{greeting} {user}")))
}
