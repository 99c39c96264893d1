//! A running server: what it declares, who may use it, and what answers.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use toolwright_core::ErrorCode;

use crate::{
    Handlers, Secrets, ServerSpec, ToolError,
    about::About,
    arguments::Schemas,
    audit::Audit,
    caller::{Caller, Named},
    changes::{Changes, Listen},
    completion::{Candidates, Completion},
    confirmation::{Confirmations, Said},
    conversation::{
        Asked, Capabilities, Client, Conversations, Handshake, Level, Opening, declared_capabilities, log_level,
        missing, outbox::Outbox, session,
    },
    credential::{Authenticated, Presented, Verifier},
    envelope::{Answer, Message, Request},
    gate::{self, Admitted, Operation},
    http::CONNECTIONS,
    limits::{Limits, Slot},
    listing::{PromptList, ResourceList, TemplateList, ToolList},
    nearest::nearest,
    observation::{Era, Observation, Observers, Outcome, Transport},
    operations::{Health, Metrics, traces::Parent},
    prompt::{self, AdmittedPrompt, Answers, Prompts, Unfilled},
    protocol::is_spoken,
    question::Questions,
    refusal::Refusal,
    resource::{AdmittedResource, Source},
    runner::Runner,
    shortened::shortened,
    spec::{ArgumentValues, CompletionSpec, ResourceSpec, ToolSpec},
};

/// How often it is asked again whether the credential behind a stream is good: one that is revoked hears nothing more within a
/// second.
pub(crate) const ASKED_AGAIN: Duration = Duration::from_millis(500);

/// Everything that answering a request takes, shared by all transports.
pub(crate) struct Server {
    pub(crate) spec: &'static ServerSpec,
    pub(crate) verifier: Verifier,
    pub(crate) schemas: Schemas,
    pub(crate) confirmations: Confirmations,
    pub(crate) conversations: Arc<Conversations>,
    pub(crate) tools: ToolList,
    pub(crate) prompt_list: PromptList,
    pub(crate) prompts: Prompts,
    pub(crate) resources: ResourceList,
    pub(crate) templates: TemplateList,
    pub(crate) limits: Limits,
    pub(crate) changes: Arc<Changes>,
    pub(crate) runner: Runner,
    pub(crate) secrets: Secrets,
    /// Whether it can be given requests.
    pub(crate) health: Health,
    pub(crate) metrics: Arc<Metrics>,
    observers: Arc<Observers>,
}

/// What a request has earned before it goes on to the protocol: it travels with the request, so
/// that what was authorized is what runs.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    pub(crate) caller: Arc<Caller>,
    pub(crate) work: Option<Arc<Work>>,
    /// What the client can do that opens a conversation with it, where the server asks for any of that later.
    pub(crate) opens: Option<Capabilities>,
    /// What the parts of the request belong to, where anything is traced.
    pub(crate) trace: Parent,
    /// How the request ended, for those who observe it.
    pub(crate) outcome: Arc<OnceLock<Outcome>>,
}

impl Passage {
    /// What the request is about, by its id.
    pub(crate) fn about(&self) -> Option<String> {
        let about = match self.call() {
            Some(Ok(call)) => call.admitted.about().id(),
            Some(Err(_)) | None => self.caller.account(),
        };
        about.map(str::to_owned)
    }

    /// The call that it is for, itself or to answer with a resource.
    fn call(&self) -> Option<Result<&AdmittedCall, &ToolError>> {
        match self.work.as_deref()? {
            Work::Call(call) => Some(call.as_ref()),
            Work::Resource(AdmittedResource { source: Source::Call(call), .. }) => Some(call.as_deref()),
            Work::Resource(_) | Work::Prompt(_) | Work::Complete(_) | Work::Listen(_) | Work::SetLevel { .. } => None,
        }
    }

    /// Whether a tool is called for it.
    pub(crate) fn asks_tool(&self) -> bool {
        let asked = |asked: &Completion| matches!(asked.from, Candidates::Listed(..));
        match self.work.as_deref() {
            Some(Work::Call(_)) => true,
            Some(Work::Complete(completion)) => asked(completion),
            Some(Work::Resource(resource)) => matches!(resource.source, Source::Call(_)),
            Some(Work::Prompt(_) | Work::Listen(_) | Work::SetLevel { .. }) | None => false,
        }
    }

    /// The request as it goes on to the protocol's library, where that is not how it came.
    pub(crate) fn rewritten(&self) -> Option<&Bytes> {
        match self.work.as_deref()? {
            Work::Listen(listen) => Some(&listen.text),
            Work::Call(_) | Work::Resource(_) | Work::Prompt(_) | Work::Complete(_) | Work::SetLevel { .. } => None,
        }
    }

    /// Notes what came of the request; nothing has when its caller has gone.
    pub(crate) fn note<T>(&self, answer: Option<&Result<T, ToolError>>) {
        self.set(match answer {
            None => Outcome::CallerGone,
            Some(Ok(_)) => Outcome::Ok,
            Some(Err(error)) => Outcome::Failed(error.code()),
        });
    }

    /// Notes that the request has ended without a result.
    pub(crate) fn note_refusal(&self, code: ErrorCode) {
        self.set(Outcome::Refused(code));
    }

    fn set(&self, outcome: Outcome) {
        // Set once: no one else answers this request.
        let _ = self.outcome.set(outcome);
    }
}

/// What is to be done for a request that was authorized.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// A call, or what its caller is told where nothing says what it is about.
    Call(Result<AdmittedCall, ToolError>),
    Prompt(AdmittedPrompt),
    Resource(AdmittedResource),
    Complete(Completion),
    Listen(Listen),
    /// What a client wants to hear from now on.
    SetLevel {
        client: String,
        level: Level,
    },
}

/// An authorized call, with its arguments as the envelope's parser read them.
#[derive(Debug, Clone)]
pub(crate) struct AdmittedCall {
    pub(crate) admitted: Admitted<ToolSpec>,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) said: Said,
    pub(crate) opening: Box<Opening>,
    /// Its place among the calls in flight of its credential.
    pub(crate) slot: Slot,
}

impl Server {
    /// # Errors
    /// When the declared schemas do not compile: the generated crate is not of this version.
    pub(crate) fn new(
        spec: &'static ServerSpec,
        verifier: Verifier,
        secrets: Secrets,
        handlers: Handlers,
        audit: Option<Audit>,
    ) -> anyhow::Result<Self> {
        let health = Health::default();
        let metrics =
            Arc::new(Metrics::new(spec, &health, verifier.lookups(), audit.as_ref().map(Audit::lacks), CONNECTIONS));
        let observers = Arc::new(Observers { metrics: Some(Arc::clone(&metrics)), audit });
        let changes = Arc::new(Changes::new(spec));
        let questions = Arc::new(Questions::compile(spec)?);
        Ok(Self {
            spec,
            verifier,
            schemas: Schemas::compile(spec)?,
            confirmations: Confirmations::new(spec, Arc::clone(&questions)),
            conversations: Arc::new(Conversations::new(spec, questions, secrets.clone())?),
            tools: ToolList::read(spec.tool_list, spec.tools.iter().copied())?,
            prompt_list: PromptList::read(spec.prompt_list, spec.prompts.iter())?,
            prompts: Prompts::compile(spec)?,
            resources: ResourceList::read(
                spec.resource_list,
                spec.resources.iter().filter(|resource| !resource.is_template()),
            )?,
            templates: TemplateList::read(
                spec.resource_template_list,
                spec.resources.iter().filter(|resource| resource.is_template()),
            )?,
            limits: Limits::new(&spec.limits),
            runner: Runner::new(spec, handlers, Arc::clone(&observers), Arc::clone(&changes)),
            changes,
            secrets,
            health,
            metrics,
            observers,
        })
    }

    /// A request begins.
    pub(crate) fn observe(&self, transport: Transport) -> Observation {
        Observation::start(&self.observers, transport)
    }

    /// The audit log, of a server that keeps one.
    pub(crate) fn audit(&self) -> Option<&Audit> {
        self.observers.audit.as_ref()
    }

    /// Notes what a request asks for of what is declared: by the name of a resource, which its URI does not say, and with the
    /// arguments, where they are recorded.
    pub(crate) fn note_asked(&self, request: &Request<'_>, seen: &mut Observation) {
        if let Some((resource, _)) = self.resource_of(request) {
            seen.operation = Some(resource.name.to_owned());
        }
        seen.arguments = self.recorded(request);
    }

    fn resource_of(&self, request: &Request<'_>) -> Option<(&'static ResourceSpec, String)> {
        let uri = request.params.get("uri")?.as_str().filter(|_| request.method.starts_with("resources/"))?;
        self.spec.resource(uri).map(|(resource, _)| (resource, uri.to_owned()))
    }

    /// The arguments of a request as they are recorded, if they are. It has to ask for what is declared: only then is it known
    /// what of them is secret.
    fn recorded(&self, request: &Request<'_>) -> Option<String> {
        let audit = self.audit()?;
        if let Some((_, uri)) = self.resource_of(request) {
            return audit.arguments(|| json!({ "uri": uri }), &self.secrets);
        }
        let arguments = request.params.get("arguments").filter(|arguments| arguments.is_object())?;
        let name = request.params.get("name")?.as_str()?;
        match &*request.method {
            "tools/call" => {
                let tool = self.spec.tool(name)?;
                audit.arguments(|| self.schemas.omitted(tool, arguments).into_owned(), &self.secrets)
            }
            "prompts/get" => {
                self.spec.prompt(name)?;
                audit.arguments(|| arguments.clone(), &self.secrets)
            }
            _ => None,
        }
    }

    /// Who presents this credential.
    pub(crate) async fn authenticate(&self, presented: Presented<'_>) -> Result<Authenticated, Refusal> {
        self.verifier.authenticate(self.spec, presented).await
    }

    /// Who calls, and about which account.
    pub(crate) async fn resolve(&self, authenticated: Authenticated, named: Named<'_>) -> Result<Arc<Caller>, Refusal> {
        let accounts = self.verifier.accounts();
        Caller::resolve(self.spec, accounts, &self.secrets, authenticated, named).await.map(Arc::new)
    }

    /// A caller as they are known now: whether their credential is good is asked anew, and what it reaches.
    pub(crate) async fn known(&self, caller: &Caller) -> Result<Arc<Caller>, Refusal> {
        let authenticated = self.authenticate(Presented::Bearer(caller.credential().expose())).await?;
        self.resolve(authenticated, caller.account().map_or(Named::Only, Named::By)).await
    }

    /// Waits until the caller's credential is refused, and says how. One that expires ends nothing that was begun with it: how
    /// long that goes on is limited. That nobody can be asked about it says nothing of it.
    pub(crate) async fn withdrawn(&self, caller: &Caller) -> Refusal {
        loop {
            tokio::time::sleep(ASKED_AGAIN).await;
            let Err(refusal) = self.known(caller).await else { continue };
            let goes_on = matches!(
                refusal.code,
                ErrorCode::ExpiredCredential
                    | ErrorCode::Internal
                    | ErrorCode::UpstreamUnavailable
                    | ErrorCode::IssuerUnavailable
            );
            if !goes_on {
                return refusal;
            }
        }
    }

    /// Whether the caller may send this message, and with what it goes on. An answer to a question of the server's is taken.
    pub(crate) async fn examine(
        &self,
        message: Message<'_>,
        authenticated: Authenticated,
        named: Named<'_>,
        handshake: Handshake<'_>,
        outbox: Outbox,
    ) -> Result<Passage, Refusal> {
        let caller = self.resolve(authenticated, named).await;
        let (caller, work, opens) = match message {
            Message::Notification { .. } => (caller?, None, None),
            Message::Answer(answer) => {
                let caller = caller?;
                self.take(answer, &caller)?;
                (caller, None, None)
            }
            Message::Request(request) => {
                let id = request.id.clone();
                let answered = |refusal: Refusal| refusal.answering(&id);
                let caller = caller.map_err(answered)?;
                let client = self.client(&request, &caller, handshake, outbox).map_err(answered)?;
                let opens = (request.method == "initialize" && self.spec.asks())
                    .then(|| Capabilities::of(request.params.get("capabilities")));
                let work = self.examine_request(request, &caller, &client).map_err(answered)?;
                (caller, work, opens)
            }
        };
        Ok(Passage { caller, work: work.map(Arc::new), opens, trace: Parent::default(), outcome: Arc::default() })
    }

    /// Hands an answer to whoever waits for it.
    fn take(&self, answer: Answer, caller: &Caller) -> Result<(), Refusal> {
        let id = answer.id.clone();
        if self.conversations.waiting.answer(&Asked::from(caller), answer) {
            return Ok(());
        }
        let detail = "It is an answer, and the server waits for none with this `id`.";
        Err(Refusal::new(self.spec, ErrorCode::InvalidRequest, Some(detail)).answering(&id))
    }

    /// Whom a request is from. A session that is not this credential's is over.
    fn client(
        &self,
        request: &Request<'_>,
        caller: &Caller,
        handshake: Handshake<'_>,
        outbox: Outbox,
    ) -> Result<Client, Refusal> {
        let credential = || caller.identity().credential_id.clone();
        let has_sessions = self.spec.asks() && request.method != "initialize";
        let era = Era::of(request);
        let (capabilities, key) = match (era, handshake) {
            (Era::Modern, _) => (declared_capabilities(&request.params), credential()),
            (Era::Legacy, Handshake::Remembered(capabilities)) => (capabilities, credential()),
            (Era::Legacy, Handshake::Session(Some(id))) if has_sessions => {
                let capabilities = session::read(self.spec.name, caller.credential(), id);
                let over = || Refusal::new(self.spec, ErrorCode::UnknownSession, None);
                (capabilities.ok_or_else(over)?, id.to_owned())
            }
            (Era::Legacy, Handshake::Session(_)) => (Capabilities::default(), credential()),
        };
        Ok(Client { era, capabilities, key, outbox })
    }

    fn examine_request(
        &self,
        mut request: Request<'_>,
        caller: &Arc<Caller>,
        client: &Client,
    ) -> Result<Option<Work>, Refusal> {
        let version = request.inline_version();
        if let Some(version) = version.filter(|version| !is_spoken(version)) {
            return Err(Refusal::unsupported_version(self.spec, version));
        }
        let has_handshake = version.is_none();
        if let Some(level) = log_level(&request.params).filter(|_| !has_handshake && self.spec.logs()) {
            self.level(level, "_meta.io.modelcontextprotocol/logLevel")?;
        }
        let has_prompts = !self.spec.prompts.is_empty();
        let has_resources = !self.spec.resources.is_empty();
        match &*request.method {
            "initialize" | "ping" if has_handshake => Ok(None),
            "server/discover" => Ok(None),
            "tools/list" => self.examine_list(&request),
            "prompts/list" if has_prompts => self.examine_list(&request),
            "resources/list" | "resources/templates/list" if has_resources => self.examine_list(&request),
            "resources/subscribe" if has_handshake && self.spec.has_subscriptions() => {
                self.subscribe(&request, caller, true).map(|()| None)
            }
            "resources/unsubscribe" if has_handshake && self.spec.has_subscriptions() => {
                self.subscribe(&request, caller, false).map(|()| None)
            }
            "subscriptions/listen" if !has_handshake && self.spec.announces_changes() => {
                self.examine_listen(&request, caller).map(Some)
            }
            "resources/read" if has_resources => {
                self.examine_resource(&request.params, caller, has_handshake).map(Some)
            }
            "logging/setLevel" if has_handshake && self.spec.logs() => {
                let level = self.level(request.params.get("level").unwrap_or(&Value::Null), "level")?;
                Ok(Some(Work::SetLevel { client: client.key.clone(), level }))
            }
            "tools/call" => self.examine_call(&mut request.params, caller, client).map(Some),
            "prompts/get" if has_prompts => self.examine_prompt(&mut request.params, caller).map(Some),
            "completion/complete" if self.spec.completes() => {
                self.examine_completion(&request.params, caller, has_handshake).map(Some)
            }
            _ => Err(Refusal::unknown_method(self.spec, &request, &self.secrets)),
        }
    }

    fn examine_list(&self, request: &Request<'_>) -> Result<Option<Work>, Refusal> {
        match request.params.get("cursor") {
            None | Some(Value::Null) => Ok(None),
            Some(_) => Err(self.invalid_params("`cursor` is not one of this server's: the list has one page.")),
        }
    }

    fn level(&self, level: &Value, place: &str) -> Result<Level, Refusal> {
        level.as_str().and_then(Level::named).ok_or_else(|| {
            let levels = Level::ALL.map(Level::as_str).join("`, `");
            self.invalid_params(&format!("`{place}` is none of `{levels}`."))
        })
    }

    fn examine_call(
        &self,
        params: &mut Map<String, Value>,
        caller: &Arc<Caller>,
        client: &Client,
    ) -> Result<Work, Refusal> {
        let arguments = self.arguments(params)?;
        let Some(Value::String(name)) = params.get("name") else {
            return Err(self.invalid_params("`name` is not the name of a tool."));
        };
        let Some(tool) = self.spec.tool(name) else {
            let visible = self.tools.visible(self.spec, caller).map(|tool| tool.name);
            return Err(self.unknown(ErrorCode::UnknownTool, "tool", name, visible));
        };
        let opening = Opening::of(params, client, &self.conversations.levels);
        self.admit_call(caller, tool, arguments, Said::of(params), opening).map(Work::Call)
    }

    /// Says what a call is about, then whether its caller may have it, whether their client can be asked what the tool asks, and then whether now. What is refused before uses
    /// up nothing.
    pub(crate) fn admit_call(
        &self,
        caller: &Arc<Caller>,
        tool: &'static ToolSpec,
        mut arguments: Map<String, Value>,
        said: Said,
        opening: Opening,
    ) -> Result<Result<AdmittedCall, ToolError>, Refusal> {
        let about = match About::of_call(self.spec, &self.schemas, caller, tool, &mut arguments) {
            Ok(about) => about,
            Err(error) => return Ok(Err(error)),
        };
        let admitted = self.admit(&about, tool)?;
        if let Some(lacking) = opening.capabilities.lacks(tool.asks) {
            return match opening.era {
                Era::Modern => Err(Refusal::missing_capability(self.spec, tool.name, &lacking)),
                Era::Legacy => Ok(Err(missing(tool, &lacking))),
            };
        }
        let slot = self
            .limits
            .take(&caller.identity().credential_id)
            .map_err(|exceeded| Refusal::too_many_calls(self.spec, tool.name, exceeded))?;
        Ok(Ok(AdmittedCall { admitted, arguments, said, opening: Box::new(opening), slot }))
    }

    fn examine_prompt(&self, params: &mut Map<String, Value>, caller: &Arc<Caller>) -> Result<Work, Refusal> {
        let arguments = self.arguments(params)?;
        let Some(Value::String(name)) = params.get("name") else {
            return Err(self.invalid_params("`name` is not the name of a prompt."));
        };
        let Some(prompt) = self.spec.prompt(name) else { return Err(self.unknown_prompt(name, caller)) };
        let admitted = self.admit(&About::anything(caller), prompt)?;
        let filled = self.prompts.fill(admitted, &arguments, &Answers::of(params));
        filled.map(Work::Prompt).map_err(|unfilled| match unfilled {
            Unfilled::Faults(faults) => self.invalid_prompt_arguments(prompt.name, &faults.join(" ")),
            Unfilled::CannotAsk(why) => Refusal::new(self.spec, ErrorCode::MissingCapability, Some(&why)).with_data(
                json!({ "operation": prompt.name, "requiredCapabilities": { "elicitation": { "form": {} } } }),
            ),
            Unfilled::Broken(error) => Refusal::new(self.spec, ToolError::internal(error).code(), None),
        })
    }

    /// The words of an argument are shown to whom the prompt itself is shown. What else was filled in
    /// (`context`) changes nothing.
    fn examine_completion(
        &self,
        params: &Map<String, Value>,
        caller: &Arc<Caller>,
        has_handshake: bool,
    ) -> Result<Work, Refusal> {
        let of =
            |object: &str, key: &str| params.get(object).and_then(|object| object.get(key)).and_then(Value::as_str);
        let argument = || {
            let given = of("argument", "name").zip(of("argument", "value"));
            given.ok_or_else(|| self.invalid_params("`argument` does not have a `name` and a `value`, both text."))
        };
        match (of("ref", "type"), of("ref", "name"), of("ref", "uri")) {
            (Some("ref/prompt"), Some(name), _) => self.examine_argument(name, argument()?, caller),
            (Some("ref/resource"), _, Some(template)) if !self.spec.resources.is_empty() => {
                self.examine_variable(template, argument()?, caller, has_handshake)
            }
            _ if self.spec.resources.is_empty() => {
                Err(self.invalid_params("`ref` is not a prompt: `{\"type\": \"ref/prompt\", \"name\": …}`."))
            }
            _ => Err(self.invalid_params(
                "`ref` is neither a prompt, `{\"type\": \"ref/prompt\", \"name\": …}`, nor a template of resources, \
                 `{\"type\": \"ref/resource\", \"uri\": …}`.",
            )),
        }
    }

    fn examine_argument(
        &self,
        name: &str,
        (argument, typed): (&str, &str),
        caller: &Arc<Caller>,
    ) -> Result<Work, Refusal> {
        let mut visible = self.prompt_list.visible(self.spec, caller);
        let Some(prompt) = visible.find(|prompt| prompt.name == name) else {
            return Err(self.unknown_prompt(name, caller));
        };
        let Some(declared) = prompt.arguments.iter().find(|declared| declared.name == argument) else {
            return Err(self.invalid_prompt_arguments(prompt.name, &prompt::unknown(prompt, argument)));
        };
        let from = match &declared.values {
            ArgumentValues::Text => Candidates::Declared(&[]),
            ArgumentValues::Words(words) => Candidates::Declared(words),
            ArgumentValues::Listed(listed) => self.admit_listed(prompt, listed, typed, caller)?,
        };
        Ok(Work::Complete(Completion { from, typed: typed.to_owned() }))
    }

    /// What a tool lists is shown to those who may have both the prompt or the resource, and the tool.
    pub(crate) fn admit_listed<O: Operation>(
        &self,
        operation: &'static O,
        listed: &'static CompletionSpec,
        typed: &str,
        caller: &Arc<Caller>,
    ) -> Result<Candidates, Refusal> {
        self.admit(&About::anything(caller), operation)?;
        let arguments = listed.arguments(typed).map_err(|error| {
            let error = ToolError::internal(error);
            Refusal::new(self.spec, error.code(), None)
        })?;
        let call = self.admit_call(caller, listed.tool, arguments, Said::default(), Opening::silent())?;
        Ok(Candidates::Listed(listed, call))
    }

    pub(crate) fn admit<O: Operation>(&self, about: &About, operation: &'static O) -> Result<Admitted<O>, Refusal> {
        gate::admit(self.spec, about, operation).map_err(|denial| Refusal::forbidden(self.spec, &denial))
    }

    fn arguments(&self, params: &mut Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        match params.swap_remove("arguments") {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(arguments)) => Ok(arguments),
            Some(_) => Err(self.invalid_params("`arguments` is not an object.")),
        }
    }

    pub(crate) fn invalid_params(&self, detail: &str) -> Refusal {
        Refusal::new(self.spec, ErrorCode::InvalidParams, Some(detail))
    }

    fn invalid_prompt_arguments(&self, prompt: &str, detail: &str) -> Refusal {
        Refusal::new(self.spec, ErrorCode::InvalidPromptArguments, Some(detail))
            .with_data(json!({ "operation": prompt }))
    }

    fn unknown_prompt(&self, name: &str, caller: &Arc<Caller>) -> Refusal {
        let visible = self.prompt_list.visible(self.spec, caller).map(|prompt| prompt.name);
        self.unknown(ErrorCode::UnknownPrompt, "prompt", name, visible)
    }

    fn unknown(&self, code: ErrorCode, what: &str, name: &str, visible: impl Iterator<Item = &'static str>) -> Refusal {
        let shown = shortened(&self.secrets.redact_text(name));
        let detail = match nearest(&shown, visible) {
            Some(near) => format!("There is no {what} `{shown}`; did you mean `{near}`?"),
            None => format!("There is no {what} `{shown}`."),
        };
        Refusal::new(self.spec, code, Some(&detail)).with_data(json!({ "operation": shown }))
    }
}
