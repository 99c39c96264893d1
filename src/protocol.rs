//! The one handler of the protocol's messages, behind the front service of each transport.

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::request::Parts;
use jiff::Timestamp;
#[expect(deprecated, reason = "the revisions before 2026-07-28 have it, and clients use it")]
use rmcp::model::SetLevelRequestParams;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
        CompletionInfo, ContentBlock, CustomRequest, CustomResult, GetPromptRequestParams, GetPromptResponse,
        GetPromptResult, Implementation, InitializeRequestParams, InitializeResult, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams, PromptsCapability,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents,
        ResourcesCapability, ServerCapabilities, ServerConfig, SubscribeRequestParams, SubscriptionFilter,
        UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};
use tokio::time::timeout;
use toolwright_core::ErrorCode;

use crate::{
    List, ServerSpec, ToolError,
    caller::Caller,
    changes::{Listen, Listening, Over, Wanted},
    completion::{self, Candidates, Completion},
    confirmation::{Confirmed, Unconfirmed},
    content,
    conversation::{Conversation, ForeignState},
    limits::Slot,
    listing::cache_scope,
    operations::traces::Parent,
    refusal::fill,
    resource::{AdmittedResource, Source},
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

/// How long a client that listens may take to read what it is told.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// How long a client may go on with a text or a file that it has read. What a tool answers can be another the next time.
const FIXED_TTL_MS: u64 = 60_000;

/// Answers for a [`Server`] in the protocol's terms.
#[derive(Clone)]
pub(crate) struct Protocol(pub(crate) Arc<Server>);

type Context = RequestContext<RoleServer>;

/// A call that can run.
struct Ready {
    call: Confirmed,
    conversation: Arc<Conversation>,
    slot: Slot,
}

/// The time in seconds.
fn now() -> i64 {
    Timestamp::now().as_second()
}

impl Protocol {
    /// Holds a call against its tool's schema, has a person agree where the tool asks for it, and takes up what was said of it before.
    fn confirm(&self, call: Result<AdmittedCall, ToolError>, context: &Context) -> Result<Ready, Unconfirmed> {
        let AdmittedCall { admitted, arguments, said, opening, slot } = call?;
        let arguments = self.0.schemas.check(admitted.operation(), arguments)?;
        let now = now();
        let call = self.0.confirmations.check(admitted, arguments, &said, &self.0.secrets, now)?;
        let conversation = self.0.conversations.begin(call.admitted(), call.arguments(), *opening, &context.ct, now);
        let conversation = conversation.map_err(|ForeignState| Unconfirmed::ForeignState)?;
        Ok(Ready { call, conversation: Arc::new(conversation), slot })
    }

    /// Runs a call, whose result has no secrets. Nothing comes of one whose caller has gone.
    async fn run(&self, ready: Ready, trace: Parent, context: &Context) -> Option<Result<Value, ToolError>> {
        let Ready { call, conversation, slot } = ready;
        let tool = call.admitted().operation();
        let answer = self.0.runner.run(call, conversation, slot, trace, context.ct.clone()).await?;
        Some(answer.and_then(|mut result| {
            if tool.content.is_empty() {
                self.0.secrets.redact_result(&mut result);
            } else {
                content::check(tool, &result)?;
                content::redact(&mut result, &self.0.secrets);
            }
            Ok(result)
        }))
    }

    /// What a caller reads of a tool's error, which may be a model that can do better.
    fn explained(&self, error: &ToolError) -> String {
        let mut text = error.to_string();
        if error.wants_advice() {
            text.push_str(". ");
            text.push_str(&fill(error.code().entry().fix, self.0.spec));
        }
        self.0.secrets.redact_text(&text).into_owned()
    }

    /// What is answered in place of a call that cannot run yet.
    fn unconfirmed(&self, unconfirmed: Unconfirmed, passage: &Passage) -> Result<CallToolResponse, ErrorData> {
        let code = match &unconfirmed {
            Unconfirmed::Ask(_) => ErrorCode::NotConfirmed,
            Unconfirmed::Tell { error, next: _ } => error.code(),
            Unconfirmed::ForeignState => ErrorCode::InvalidParams,
        };
        passage.note_refusal(code);
        match unconfirmed {
            Unconfirmed::Ask(inputs) => Ok((*inputs).into()),
            Unconfirmed::Tell { error, next } => {
                let text: Vec<String> = [self.explained(&error)].into_iter().chain(next).collect();
                let text = text.join(" ");
                Ok(CallToolResult::error(vec![ContentBlock::text(text)]).into())
            }
            Unconfirmed::ForeignState => {
                let message = "`requestState` is not what this call was given, or too old. Call again without it.";
                Err(ErrorData::invalid_params(message, Some(json!({ "reason": code.entry().name }))))
            }
        }
    }

    /// What a resource says.
    async fn contents(
        &self,
        resource: &AdmittedResource,
        trace: Parent,
        context: &Context,
    ) -> Option<Result<Vec<ResourceContents>, ToolError>> {
        let call = match &resource.source {
            Source::Text(text) => return Some(Ok(vec![resource.text(*text)])),
            Source::Blob(blob) => return Some(Ok(vec![resource.blob(*blob)])),
            Source::Call(call) => call.clone().map(|call| *call),
        };
        let (tool, answer) = match self.confirm(call, context) {
            Ok(ready) => (ready.call.admitted().operation(), self.run(ready, trace, context).await?),
            Err(unconfirmed) => return Some(Err(unconfirmed.into_error())),
        };
        Some(answer.and_then(|value| {
            if tool.content.is_empty() { Ok(vec![resource.text(value.to_string())]) } else { resource.blocks(&value) }
        }))
    }

    /// What completes an argument. That a tool failed is an error, for that there is nothing to suggest
    /// would be another thing to say.
    async fn suggest(
        &self,
        asked: Completion,
        trace: Parent,
        context: &Context,
    ) -> Option<Result<CompletionInfo, ToolError>> {
        let Completion { from, typed } = asked;
        match from {
            Candidates::Declared(words) => Some(Ok(completion::matching(words.iter().copied(), &typed))),
            Candidates::Listed(listed, call) => {
                let answer = match self.confirm(call, context) {
                    Ok(ready) => self.run(ready, trace, context).await?,
                    Err(unconfirmed) => Err(unconfirmed.into_error()),
                };
                Some(listed.complete(answer, &typed))
            }
        }
    }
}

/// What the front service decided about the request. A request that has not passed it gets nothing.
fn passage(context: &mut Context) -> Result<Passage, ErrorData> {
    let over_http = context.extensions.remove::<Parts>().and_then(|mut parts| parts.extensions.remove::<Passage>());
    over_http
        .or_else(|| context.extensions.remove::<Passage>())
        .ok_or_else(|| ErrorData::internal_error("the request did not pass the authorization", None))
}

/// What the front service has found a request to be that listens.
fn listener(context: &Context) -> Option<(Arc<Caller>, Listen)> {
    let over_http = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Passage>());
    let passage = over_http.or_else(|| context.extensions.get::<Passage>())?;
    match passage.work.as_deref()? {
        Work::Listen(listen) => Some((Arc::clone(&passage.caller), listen.clone())),
        Work::Call(_) | Work::Prompt(_) | Work::Resource(_) | Work::Complete(_) | Work::SetLevel { .. } => None,
    }
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
    let changes = |list| spec.notifies.contains(&list).then_some(true);
    let mut capabilities = ServerCapabilities::builder().enable_tools().build();
    if let Some(tools) = &mut capabilities.tools {
        tools.list_changed = changes(List::Tools);
    }
    if !spec.prompts.is_empty() {
        let mut prompts = PromptsCapability::default();
        prompts.list_changed = changes(List::Prompts);
        capabilities.prompts = Some(prompts);
    }
    if !spec.resources.is_empty() {
        let mut resources = ResourcesCapability::default();
        resources.list_changed = changes(List::Resources);
        resources.subscribe = spec.has_subscriptions().then_some(true);
        capabilities.resources = Some(resources);
    }
    if spec.completes() {
        capabilities.completions = Some(serde_json::Map::new());
    }
    if spec.logs() {
        capabilities.logging = Some(serde_json::Map::new());
    }
    capabilities
}

/// What stands where an answer would, when nobody is left to read one.
fn unread() -> ErrorData {
    ErrorData::internal_error("the call was cancelled", None)
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
        let list = ListToolsResult::with_all_items(self.0.tools.of(spec, &passage.caller));
        Ok(if modern { list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(cache_scope(spec.listing)) } else { list })
    }

    async fn call_tool(&self, _: CallToolRequestParams, mut context: Context) -> Result<CallToolResponse, ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::Call(call) = work(&mut passage)? else { return Err(ambiguous()) };
        let ready = match self.confirm(call, &context) {
            Ok(ready) => ready,
            Err(unconfirmed) => return self.unconfirmed(unconfirmed, &passage),
        };
        let (tool, conversation) = (ready.call.admitted().operation(), Arc::clone(&ready.conversation));
        let answer = self.run(ready, passage.trace.clone(), &context).await;
        if let Some(Err(error)) = &answer
            && let Some(inputs) = conversation.input_required(error, now())
        {
            passage.note_refusal(error.code());
            return Ok(inputs.into());
        }
        passage.note(answer.as_ref());
        let result = match answer.ok_or_else(unread)? {
            Ok(value) if tool.content.is_empty() => CallToolResult::structured(value),
            Ok(value) => CallToolResult::success(content::blocks(value)?),
            Err(error) => CallToolResult::error(vec![ContentBlock::text(self.explained(&error))]),
        };
        Ok(result.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        mut context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let modern = is_modern(&context);
        let passage = passage(&mut context)?;
        let spec = self.0.spec;
        let list = ListPromptsResult::with_all_items(self.0.prompt_list.of(spec, &passage.caller));
        Ok(if modern { list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(cache_scope(spec.listing)) } else { list })
    }

    async fn get_prompt(
        &self,
        _: GetPromptRequestParams,
        mut context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::Prompt(prompt) = work(&mut passage)? else { return Err(ambiguous()) };
        if let Some(inputs) = prompt.asks() {
            passage.note_refusal(ErrorCode::NotAnswered);
            return Ok(inputs.into());
        }
        let rendered = self.0.prompts.render(&prompt).map_err(ToolError::internal);
        passage.note(Some(&rendered));
        let messages = rendered.map_err(|error| ErrorData::internal_error(error.message().to_owned(), None))?;
        let mut result = GetPromptResult::new(messages);
        result.description = self.0.prompt_list.get(prompt.name()).and_then(|shown| shown.description.clone());
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        mut context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let modern = is_modern(&context);
        let passage = passage(&mut context)?;
        let spec = self.0.spec;
        let list = ListResourcesResult::with_all_items(self.0.resources.of(spec, &passage.caller));
        Ok(if modern { list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(cache_scope(spec.listing)) } else { list })
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        mut context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let modern = is_modern(&context);
        let passage = passage(&mut context)?;
        let spec = self.0.spec;
        let list = ListResourceTemplatesResult::with_all_items(self.0.templates.of(spec, &passage.caller));
        Ok(if modern { list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(cache_scope(spec.listing)) } else { list })
    }

    async fn read_resource(
        &self,
        _: ReadResourceRequestParams,
        mut context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let modern = is_modern(&context);
        let mut passage = passage(&mut context)?;
        let Work::Resource(resource) = work(&mut passage)? else { return Err(ambiguous()) };
        let answer = self.contents(&resource, passage.trace.clone(), &context).await;
        passage.note(answer.as_ref());
        let contents = answer
            .ok_or_else(unread)?
            .map_err(|error| self.0.unanswered(resource.uri(), &error, self.explained(&error), modern))?;
        let result = ReadResourceResult::new(contents);
        // Nobody shares what a credential was asked for.
        let ttl = if matches!(resource.source, Source::Call(_)) { 0 } else { FIXED_TTL_MS };
        let result = if modern { result.with_ttl_ms(ttl).with_cache_scope(CacheScope::Private) } else { result };
        Ok(result.into())
    }

    /// What is asked for here is what the caller may be told of: the front service has taken all else out.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.0.spec.announces_changes().then(|| requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let (caller, listen) = listener(subscription.request_context()).ok_or_else(ambiguous)?;
        if *subscription.accepted() != listen.filter {
            return Err(ambiguous());
        }
        let Listen { filter, text: _, open } = listen;
        let mut listening = Listening::new(&self.0, &caller, Wanted::Filter(filter), open);
        loop {
            let change = tokio::select! {
                () = subscription.cancelled() => return Ok(()),
                change = listening.next() => change,
            };
            let change = match change {
                Ok(change) => change,
                Err(Over::Closing) => return Ok(()),
                Err(Over::Refused(refusal)) => return Err(refusal.error()),
            };
            // Who does not read for so long has gone, as far as anybody can tell.
            let sent = timeout(READ_WITHIN, subscription.sink().send(change.notification())).await;
            if !matches!(sent, Ok(Ok(()))) {
                return Ok(());
            }
        }
    }

    /// The front service has subscribed the credential already.
    async fn subscribe(&self, _: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn complete(&self, _: CompleteRequestParams, mut context: Context) -> Result<CompleteResult, ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::Complete(asked) = work(&mut passage)? else { return Err(ambiguous()) };
        let answer = self.suggest(asked, passage.trace.clone(), &context).await;
        passage.note(answer.as_ref());
        answer.ok_or_else(unread)?.map(CompleteResult::new).map_err(|error| {
            let data = json!({ "reason": error.code().entry().name });
            ErrorData::internal_error(self.explained(&error), Some(data))
        })
    }

    #[expect(deprecated, reason = "the revisions before 2026-07-28 have it, and clients use it")]
    async fn set_level(&self, _: SetLevelRequestParams, mut context: Context) -> Result<(), ErrorData> {
        let mut passage = passage(&mut context)?;
        let Work::SetLevel { client, level } = work(&mut passage)? else { return Err(ambiguous()) };
        self.0.conversations.levels.set(client, level);
        Ok(())
    }

    /// The front service lets methods through that this handler knows. What comes here is one of
    /// them with parameters that the protocol's library cannot read.
    async fn on_custom_request(&self, request: CustomRequest, _: Context) -> Result<CustomResult, ErrorData> {
        let message = format!("The parameters are not those of `{}`.", request.method);
        Err(ErrorData::invalid_params(message, None))
    }
}
