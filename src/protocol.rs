//! The one handler of the protocol's messages, behind the front service of each transport.

use std::{borrow::Cow, sync::Arc};

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult, ContentBlock,
        CustomRequest, CustomResult, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation,
        InitializeRequestParams, InitializeResult, ListPromptsResult, ListToolsResult, PaginatedRequestParams,
        PromptsCapability, ProtocolVersion, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};

use crate::{
    ServerSpec, ToolError,
    listing::cache_scope,
    prompt,
    refusal::fill,
    server::{AdmittedCall, Passage, Server, Work},
};

/// The protocol revisions that the server speaks, oldest first.
pub(crate) const REVISIONS: &[ProtocolVersion] =
    &[ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25, STATELESS];

/// The first revision whose requests name it themselves.
pub(crate) const STATELESS: ProtocolVersion = ProtocolVersion::V_2026_07_28;

/// Whether the server speaks this revision.
pub(crate) fn is_spoken(version: &str) -> bool {
    REVISIONS.iter().any(|revision| revision.as_str() == version)
}

/// How long a client may go on with a list that it was given. A list changes with a new release
/// only, or with another credential.
const LIST_TTL_MS: u64 = 60_000;

/// Answers for a [`Server`] in the protocol's terms.
#[derive(Clone)]
pub(crate) struct Protocol(pub(crate) Arc<Server>);

type Context = RequestContext<RoleServer>;

impl Protocol {
    async fn call(&self, call: AdmittedCall, context: &Context, passage: &Passage) -> Option<CallToolResult> {
        let AdmittedCall { admitted, arguments } = call;
        let answer = match self.0.schemas.check(admitted.operation(), arguments) {
            Ok(arguments) => self.0.runner.run(admitted, arguments, context.ct.clone()).await,
            Err(error) => Some(Err(error)),
        };
        let (outcome, result) = match answer {
            None => ("caller_gone", None),
            Some(Ok(mut value)) => {
                self.0.secrets.redact_result(&mut value);
                ("ok", Some(CallToolResult::structured(value)))
            }
            Some(Err(error)) => (error.code().entry().name, Some(self.failed(&error))),
        };
        // Set once: no one else answers this request.
        let _ = passage.outcome.set(outcome);
        result
    }

    /// A tool's error is a result, so that the model reads it and can do better.
    fn failed(&self, error: &ToolError) -> CallToolResult {
        let mut text = error.to_string();
        if error.wants_advice() {
            text.push_str(". ");
            text.push_str(&fill(error.code().entry().fix, self.0.spec));
        }
        let text = self.0.secrets.redact_text(&text);
        CallToolResult::error(vec![ContentBlock::text(text)])
    }
}

/// What the front service decided about the request. A request that has not passed it gets nothing.
fn passage(context: &mut Context) -> Result<Passage, ErrorData> {
    let over_http = context.extensions.remove::<Parts>().and_then(|mut parts| parts.extensions.remove::<Passage>());
    over_http
        .or_else(|| context.extensions.remove::<Passage>())
        .ok_or_else(|| ErrorData::internal_error("the request did not pass the authorization", None))
}

/// What the front service has found the request to be for.
fn work(passage: &mut Passage) -> Result<Work, ErrorData> {
    let work = passage.work.take().map(Arc::unwrap_or_clone);
    work.ok_or_else(|| ErrorData::internal_error("the request did not pass the authorization", None))
}

/// A request that the front service and the protocol's library read in two ways.
fn ambiguous() -> ErrorData {
    ErrorData::internal_error("the request is not what was authorized", None)
}

/// What the server can be asked for. What it declares none of is not announced.
fn capabilities(spec: &ServerSpec) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::builder().enable_tools().build();
    if !spec.prompts.is_empty() {
        capabilities.prompts = Some(PromptsCapability::default());
    }
    if spec.completes() {
        capabilities.completions = Some(serde_json::Map::new());
    }
    capabilities
}

fn is_modern(context: &Context) -> bool {
    context.protocol_version().is_some_and(|version| !version.has_initialize())
}

impl ServerHandler for Protocol {
    fn get_info(&self) -> ServerConfig {
        let spec = self.0.spec;
        let info =
            Implementation::new(spec.key, spec.version).with_title(spec.title).with_description(spec.description);
        let config = ServerConfig::new(capabilities(spec))
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_server_info(info);
        match spec.instructions {
            Some(instructions) => config.with_instructions(instructions),
            None => config,
        }
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(REVISIONS)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: Context,
    ) -> Result<InitializeResult, ErrorData> {
        let answer = self.negotiate_initialize(&request)?;
        let mut peer = request;
        peer.protocol_version = answer.protocol_version.clone();
        context.peer.set_peer_info(peer);
        Ok(answer)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        mut context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        let modern = is_modern(&context);
        let passage = passage(&mut context)?;
        let spec = self.0.spec;
        let list = ListToolsResult::with_all_items(self.0.tools.of(spec, &passage.identity));
        Ok(if modern { list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(cache_scope(spec.listing)) } else { list })
    }

    async fn call_tool(&self, _: CallToolRequestParams, mut context: Context) -> Result<CallToolResponse, ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::Call(call) = work(&mut passage)? else { return Err(ambiguous()) };
        let result = self.call(call, &context, &passage).await;
        // Nobody is left to read what stands here.
        result.map(Into::into).ok_or_else(|| ErrorData::internal_error("the call was cancelled", None))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        mut context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let modern = is_modern(&context);
        let passage = passage(&mut context)?;
        let spec = self.0.spec;
        let list = ListPromptsResult::with_all_items(self.0.prompt_list.of(spec, &passage.identity));
        Ok(if modern { list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(cache_scope(spec.listing)) } else { list })
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        mut context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::Prompt(prompt) = work(&mut passage)? else { return Err(ambiguous()) };
        let (outcome, result) = match self.0.prompts.render(&prompt) {
            Ok(messages) => {
                let mut result = GetPromptResult::new(messages);
                result.description = self.0.prompt_list.get(prompt.name()).and_then(|shown| shown.description.clone());
                ("ok", Ok(result.into()))
            }
            Err(error) => {
                let error = ToolError::internal(error);
                (error.code().entry().name, Err(ErrorData::internal_error(error.message().to_owned(), None)))
            }
        };
        // Set once: no one else answers this request.
        let _ = passage.outcome.set(outcome);
        result
    }

    async fn complete(&self, _: CompleteRequestParams, mut context: Context) -> Result<CompleteResult, ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::Complete { argument, typed } = work(&mut passage)? else { return Err(ambiguous()) };
        Ok(CompleteResult::new(prompt::complete(argument, &typed)))
    }

    /// The front service lets methods through that this handler knows. What comes here is one of
    /// them with parameters that the protocol's library cannot read.
    async fn on_custom_request(&self, request: CustomRequest, _: Context) -> Result<CustomResult, ErrorData> {
        let message = format!("The parameters are not those of `{}`.", request.method);
        Err(ErrorData::invalid_params(message, None))
    }
}
