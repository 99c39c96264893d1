//! The messages of prompts: that each says one thing, and that what it shows is what it says it is.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use toolwright_core::resource::is_media_type;

use super::Faults;
use crate::{
    api::{self, MessageContent},
    attached::Attached,
    diagnostic::{Code, Diagnostic, in_sentence, quoted},
    manifest::{
        Name, PromptMessage, Text,
        messages::{EmbeddedResource, Media, Role},
    },
};

/// What the text of a resource is that does not say so.
const PLAIN: &str = "text/plain";

/// Checks a message; `name` is what files made of it are called.
pub(super) fn resolve(
    prompt: &Name,
    message: &PromptMessage,
    name: &str,
    files: &Attached,
    faults: &mut Faults,
) -> Option<api::PromptMessage> {
    let PromptMessage { role, text, image, audio, resource } = message;
    let content = match (text, image, audio, resource) {
        (Some(text), None, None, None) => MessageContent::Text(text.value.clone()),
        (None, Some(image), None, None) => MessageContent::Image(media(image, "image/", name, files, faults)?),
        (None, None, Some(audio), None) => MessageContent::Audio(media(audio, "audio/", name, files, faults)?),
        (None, None, None, Some(resource)) => self::resource(resource, faults),
        (None, None, None, None) => {
            let title = format!("a message of {} says nothing", quoted(prompt));
            let fault = Diagnostic::new(Code::MessageShape, prompt.at, title);
            faults.push(fault.help("give it `text`, `image`, `audio` or `resource`"));
            return None;
        }
        _ => {
            let given = [
                ("`text`", text.as_ref().map(|text| text.at)),
                ("`image`", image.as_ref().map(|image| image.file.at)),
                ("`audio`", audio.as_ref().map(|audio| audio.file.at)),
                ("`resource`", resource.as_ref().map(|resource| resource.uri.at)),
            ];
            let given: Vec<_> = given.into_iter().filter_map(|(key, at)| Some((key, at?))).collect();
            let keys: Vec<&str> = given.iter().map(|(key, _)| *key).collect();
            let title = format!("a message says one thing, and this has {}", in_sentence(&keys, "and"));
            let at = given.last().map_or(prompt.at, |(_, at)| *at);
            faults
                .push(Diagnostic::new(Code::MessageShape, at, title).help("make a message of each, by the same role"));
            return None;
        }
    };
    let role = match role {
        Role::User => api::Role::User,
        Role::Assistant => api::Role::Assistant,
    };
    Some(api::PromptMessage { role, content })
}

/// The templates of a message.
pub(super) fn templates(message: &PromptMessage) -> impl Iterator<Item = &Text> {
    let resource = message.resource.iter().flat_map(|resource| [&resource.uri, &resource.text]);
    message.text.iter().chain(resource)
}

fn media(media: &Media, kind: &str, name: &str, files: &Attached, faults: &mut Faults) -> Option<api::Media> {
    let Media { file, media_type } = media;
    if check_media_type(media_type, faults) && !media_type.starts_with(kind) {
        let title = format!("{} is of another kind than this message", quoted(media_type));
        let help = format!("name a type that begins with `{kind}`, or give the message another key");
        faults.push(Diagnostic::new(Code::InvalidMedia, media_type.at, title).help(help));
    }
    let content = files.get(file)?;
    if content.is_empty() {
        let title = format!("{} is empty", quoted(file));
        faults.push(Diagnostic::new(Code::InvalidMedia, file.at, title).help("name a file with something in it"));
    }
    Some(api::Media {
        media_type: media_type.value.clone(),
        path: format!("media/{name}.base64"),
        data: BASE64_STANDARD.encode(content),
    })
}

fn resource(resource: &EmbeddedResource, faults: &mut Faults) -> MessageContent {
    let EmbeddedResource { uri, media_type, text } = resource;
    if let Some(media_type) = media_type {
        check_media_type(media_type, faults);
    }
    // With a gap in it, it is what the argument makes of it.
    if !uri.contains("{{") && !uri.contains("{%") && url::Url::parse(uri).is_err() {
        let title = format!("{} is no absolute URI", quoted(uri));
        faults.push(
            Diagnostic::new(Code::InvalidMedia, uri.at, title).help("begin it with a scheme, as `notes://first`"),
        );
    }
    MessageContent::Resource {
        uri: uri.value.clone(),
        media_type: media_type.as_ref().map_or(PLAIN, |media_type| &media_type.value).to_owned(),
        text: text.value.clone(),
    }
}

fn check_media_type(media_type: &Name, faults: &mut Faults) -> bool {
    let is_sound = is_media_type(media_type);
    if !is_sound {
        let title = format!("{} is no media type", quoted(media_type));
        let help = "write a type and a subtype in lower case, as `image/png` or `text/plain`";
        faults.push(Diagnostic::new(Code::InvalidMedia, media_type.at, title).help(help));
    }
    is_sound
}
