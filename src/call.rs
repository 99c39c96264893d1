//! What a handler knows of the call that it answers, and what it answers when it cannot.

use std::{fmt, sync::Arc};

use tokio_util::sync::CancellationToken;
use toolwright_core::ErrorCode;

use crate::{
    Ask, Asks, Elicited, Grants, Level, Progress,
    about::About,
    changes::{Change, Changes},
    conversation::Conversation,
    credential::Credential,
    gate::Admitted,
    shortened::shortened,
    spec::{List, ToolSpec},
};

/// Who calls: what a credential proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Id of the credential, never the credential itself.
    pub credential_id: String,
    /// Name that the credential was given; of one that a program got for a password, whose it is.
    pub credential_name: String,
    /// Whose data the credential reaches: an account, a user or a key, as the server has it. Where the
    /// path says which account a call is about, the email address of a user.
    pub subject: String,
    /// What the credential allows.
    pub grants: Grants,
    /// The user, where credentials belong to users.
    pub(crate) user: Option<i64>,
}

/// One authorized call of a tool. Only the authorization can make one.
#[derive(Debug, Clone)]
pub struct Call {
    admitted: Admitted<ToolSpec>,
    conversation: Arc<Conversation>,
    cancelled: CancellationToken,
    changes: Arc<Changes>,
}

impl Call {
    pub(crate) fn new(
        admitted: Admitted<ToolSpec>,
        conversation: Arc<Conversation>,
        cancelled: CancellationToken,
        changes: Arc<Changes>,
    ) -> Self {
        Self { admitted, conversation, cancelled, changes }
    }

    /// Tells clients that listen for the same data, an account's or a subject's, that a list has another answer than before.
    /// The manifest names the list in `notifies`; of another one, nobody is told.
    pub fn list_changed(&self, list: List) {
        self.changes.tell(self.admitted.about().caller(), Change::List(list));
    }

    /// Tells clients that listen for the same data that a resource has changed, by its URI. The manifest declares it with
    /// `subscribe: true`; of another one, nobody is told.
    pub fn resource_updated(&self, uri: impl Into<String>) {
        self.changes.tell(self.admitted.about().caller(), Change::Resource(uri.into()));
    }

    /// The tool that is called.
    pub fn tool(&self) -> &'static ToolSpec {
        self.admitted.operation()
    }

    /// Who calls.
    pub fn identity(&self) -> &Identity {
        self.admitted.about().caller().identity()
    }

    /// Whose data the call is about: the `subject` of its [`Identity`].
    pub fn subject(&self) -> &str {
        &self.identity().subject
    }

    /// What the call is about.
    pub(crate) fn about(&self) -> &About {
        self.admitted.about()
    }

    /// Completes when the caller has gone or has cancelled the call.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Tells the client how far the call is, if it wants to know: `call.progress(Progress::new(50.0).of(100.0))`.
    ///
    /// Values increase: one that does not is left out, and so is one that waits behind too many others.
    pub fn progress(&self, progress: impl Into<Progress>) {
        self.conversation.progress(progress.into());
    }

    /// Tells the client what is being done, if it wants to hear of that level, without the secrets that the runtime finds in it. The
    /// tool declares `logs: true`.
    ///
    /// A message is left out that waits behind too many others.
    pub fn log(&self, level: Level, message: impl AsRef<str>) {
        self.conversation.log(level, message.as_ref());
    }

    /// Whether the client can be asked for this. It can for everything that is not declared `optional`.
    pub fn can_ask<A: Ask>(&self, _ask: A) -> bool {
        self.conversation.can_ask(A::SPEC)
    }

    /// Asks the client for something that the tool declares under `asks`, or for several such things at once: as a tuple, in which
    /// `call.can_ask(ask).then_some(ask)` is asked if it can be.
    ///
    /// Ask before anything is changed, and pass the error on. In protocol revision 2026-07-28 the handler ends here, and is run again from its
    /// start once the client has answered; then the same questions give the answers at once. To ask the same again in one call, as after an
    /// answer that does not do, is another question.
    ///
    /// # Errors
    /// `not_answered`, when the client has not answered yet or does not; `missing_capability`, when it cannot.
    pub async fn ask<A: Asks>(&self, asks: A) -> Result<A::Answers, ToolError> {
        self.conversation.ask(&asks).await
    }

    /// Asks the person at the client to fill in one form, as [`Self::ask`] does.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub async fn elicit<T, A: Ask<Answer = Elicited<T>>>(&self, form: A) -> Result<Elicited<T>, ToolError> {
        self.ask(form).await
    }
}

/// The account that a call is about, for the method that generated code gives a call: only where the path
/// names it, so that there always is one.
pub fn account(call: &Call) -> &str {
    call.admitted.about().caller().account().unwrap_or_default()
}

/// The value that a call is about, for the method that generated code gives a call where grants are bound to
/// the values of a binding.
///
/// # Panics
/// In a tool whose scope is `session`: it is about none, and an empty id would reach for something else.
pub fn bound(call: &Call) -> &str {
    let value = call.admitted.about().value();
    value.map_or_else(
        || panic!("the tool `{}` is about nothing: its scope is `session`", call.tool().name),
        |value| &value.id,
    )
}

/// The caller's credential, for the API that the server forwards to.
pub(crate) fn credential(call: &Call) -> &Credential {
    call.admitted.about().caller().credential()
}

/// What a caller is told instead of a result: a code of the catalogue, and what this case is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolError {
    code: ErrorCode,
    message: String,
}

impl ToolError {
    /// An argument that the schema allows but the call does not: names the field, the bound and what came.
    pub fn invalid_argument(field: &str, why: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidArguments, format!("`{field}`: {why}"))
    }

    /// Arguments that the schema does not allow: each fault with its place, in a line of its own.
    pub(crate) fn invalid_arguments(tool: &str, faults: &[String]) -> Self {
        let message = match faults {
            [only] => only.clone(),
            several => format!("{} faults in the arguments of `{tool}`:\n- {}", several.len(), several.join("\n- ")),
        };
        Self::new(ErrorCode::InvalidArguments, message)
    }

    /// What the arguments name cannot be there, whatever is.
    pub(crate) fn impossible_id(shown: &str) -> Self {
        Self::new(ErrorCode::InvalidArguments, format!("`{shown}` is not the id of anything"))
    }

    /// What the arguments name does not exist in the caller's account.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no {what} `{}` in your account", shortened(id)))
    }

    /// What the arguments name is in a state that forbids the call; says which, and what would do.
    pub fn wrong_state(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::WrongState, message)
    }

    /// The caller's account has too little left of what the call costs; says what is needed and what is left,
    /// as far as that is known.
    pub fn out_of_credits(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::OutOfCredits, message)
    }

    /// Something that the tool needs did not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// The server's own fault. The caller is told no details; the log is.
    pub fn internal(source: impl fmt::Display) -> Self {
        tracing::error!(error = %source, "a tool failed");
        Self::new(ErrorCode::Internal, "the server failed; its log has the details")
    }

    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Whether the catalogue's advice helps beside the message, which often has it already.
    pub(crate) fn wants_advice(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::MissingCapability
                | ErrorCode::NotFound
                | ErrorCode::OutOfCredits
                | ErrorCode::Unavailable
                | ErrorCode::Internal
        )
    }

    /// The code in the catalogue.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What this case is about.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.entry().name, self.message)
    }
}

impl std::error::Error for ToolError {}
