//! What a tool answers with that has no output schema: blocks of text, pictures, sounds and resources.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rmcp::{
    ErrorData,
    model::{ContentBlock, Resource, ResourceContents},
};
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::{
    Secrets, ToolError,
    spec::{ContentKind, ToolSpec},
};

/// The answer of a tool that declares `content`: one block after the other, each of a kind that is declared.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Content(Vec<ContentBlock>);

/// What is in a resource: text, or bytes of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Bytes, which travel in Base64.
    Bytes(Vec<u8>),
}

impl From<&str> for ResourceBody {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ResourceBody {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for ResourceBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for ResourceBody {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

/// Where a resource is, without what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceLink(Resource);

impl ResourceLink {
    /// The resource with this URI, by the name that programs know it by.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self(Resource::new(uri, name))
    }

    /// The same with a name for people.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Self(self.0.with_title(title))
    }

    /// The same with a word about what it is.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        Self(self.0.with_description(description))
    }

    /// The same with the media type of what is there.
    #[must_use]
    pub fn with_media_type(self, media_type: impl Into<String>) -> Self {
        Self(self.0.with_mime_type(media_type))
    }
}

impl Content {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Vec::new()).and_text(text)
    }

    /// A picture, by the bytes of its file.
    pub fn image(bytes: impl AsRef<[u8]>, media_type: impl Into<String>) -> Self {
        Self(Vec::new()).and_image(bytes, media_type)
    }

    /// A sound, by the bytes of its file.
    pub fn audio(bytes: impl AsRef<[u8]>, media_type: impl Into<String>) -> Self {
        Self(Vec::new()).and_audio(bytes, media_type)
    }

    /// A resource with what is in it.
    pub fn resource(uri: impl Into<String>, media_type: impl Into<String>, body: impl Into<ResourceBody>) -> Self {
        Self(Vec::new()).and_resource(uri, media_type, body)
    }

    /// Where a resource is.
    pub fn resource_link(link: ResourceLink) -> Self {
        Self(Vec::new()).and_resource_link(link)
    }

    /// The same, and then words.
    #[must_use]
    pub fn and_text(self, text: impl Into<String>) -> Self {
        self.and(ContentBlock::text(text))
    }

    /// The same, and then a picture.
    #[must_use]
    pub fn and_image(self, bytes: impl AsRef<[u8]>, media_type: impl Into<String>) -> Self {
        self.and(ContentBlock::image(BASE64_STANDARD.encode(bytes), media_type))
    }

    /// The same, and then a sound.
    #[must_use]
    pub fn and_audio(self, bytes: impl AsRef<[u8]>, media_type: impl Into<String>) -> Self {
        self.and(ContentBlock::audio(BASE64_STANDARD.encode(bytes), media_type))
    }

    /// The same, and then a resource with what is in it.
    #[must_use]
    pub fn and_resource(
        self,
        uri: impl Into<String>,
        media_type: impl Into<String>,
        body: impl Into<ResourceBody>,
    ) -> Self {
        let contents = match body.into() {
            ResourceBody::Text(text) => ResourceContents::text(text, uri),
            ResourceBody::Bytes(bytes) => ResourceContents::blob(BASE64_STANDARD.encode(bytes), uri),
        };
        self.and(ContentBlock::resource(contents.with_mime_type(media_type)))
    }

    /// The same, and then where a resource is.
    #[must_use]
    pub fn and_resource_link(self, link: ResourceLink) -> Self {
        self.and(ContentBlock::resource_link(link.0))
    }

    fn and(mut self, block: ContentBlock) -> Self {
        self.0.push(block);
        self
    }
}

/// Holds an answer against the kinds of content that its tool declares.
///
/// # Errors
/// When it has another kind, which is the server's fault.
pub(crate) fn check(tool: &ToolSpec, answer: &Value) -> Result<(), ToolError> {
    let declared = |kind: &str| tool.content.iter().copied().map(ContentKind::as_str).any(|declared| declared == kind);
    let kinds = answer.as_array().into_iter().flatten().filter_map(|block| block["type"].as_str());
    match kinds.into_iter().find(|kind| !declared(kind)) {
        None => Ok(()),
        Some(kind) => {
            Err(ToolError::internal(format!("`{}` answers with `{kind}`, which it does not declare", tool.name)))
        }
    }
}

/// Takes the secrets out of an answer, but for the bytes in it: what looks like a secret in Base64 is a picture's.
pub(crate) fn redact(answer: &mut Value, secrets: &Secrets) {
    let mut bytes = Vec::new();
    for block in answer.as_array_mut().into_iter().flatten() {
        bytes.push((block.get_mut("data").map(Value::take), block.pointer_mut("/resource/blob").map(Value::take)));
    }
    secrets.redact_result(answer);
    for (block, (data, blob)) in answer.as_array_mut().into_iter().flatten().zip(bytes) {
        if let Some(data) = data {
            block["data"] = data;
        }
        if let Some(blob) = blob {
            block["resource"]["blob"] = blob;
        }
    }
}

/// The blocks of an answer.
///
/// # Errors
/// When there are none: a handler's answer always has them.
pub(crate) fn blocks(answer: Value) -> Result<Vec<ContentBlock>, ErrorData> {
    Vec::deserialize(answer)
        .map_err(|error| ErrorData::internal_error(format!("the tool answered with no content: {error}"), None))
}
