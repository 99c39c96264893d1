//! Everything that generated code may name, and nothing else. It is no public interface.

pub use serde;
pub use serde_json::Value;
pub use toolwright_core::{Access as DeclaredAccess, Clause, ClientKind, Requirement, Scope, ScopeId, ScopeSet};

pub use crate::{
    Ask, Call, Content, Elicited, Handle, Redacted, Roots, Sampled, Tool,
    call::{account, bound},
    dispatch::{Dispatch, Handlers, Reply, invoke, undeclared},
    spec::{
        AccountSpec, AnswerGrantsSpec, AnswerSpec, ArgumentValues, AskKind, AskSpec, AuditSpec, BindingSource,
        BindingSpec, CaseSpec, CompletionSpec, ContentKind, CredentialSpec, FeatureSpec, FormSpec, GatewaySpec,
        GroupSpec, IntrospectionSpec, IssuerSpec, JwtSpec, LimitsSpec, List, Listing, MediaSpec, PasswordGrantSpec,
        PromptArgumentSpec, PromptContentSpec, PromptMessageSpec, PromptRole, PromptSpec, ResourceContentSpec,
        ResourceSpec, ResourceToolSpec, ResourceVariableSpec, ServerSpec, TokensSpec, ToolSpec, UpstreamSpec,
        VerifySpec,
    },
    tool::{Read, Record, Write},
};
