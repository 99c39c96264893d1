//! Notes, each account's its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use acme_tools::*;
use toolwright::{Call, List, ReadStore, ToolError, WriteStore, mcp_tool};

#[derive(Default)]
struct Notes {
    by_subject: BTreeMap<String, Vec<Note>>,
    last_id: usize,
}

/// The notes, to read.
#[derive(Clone, ReadStore)]
pub struct ReadNotes(Arc<RwLock<Notes>>);

/// The notes, to change.
#[derive(WriteStore)]
pub struct WriteNotes(Arc<RwLock<Notes>>);

pub(crate) fn stores() -> (ReadNotes, WriteNotes) {
    let notes = Arc::<RwLock<Notes>>::default();
    (ReadNotes(Arc::clone(&notes)), WriteNotes(notes))
}

impl ReadNotes {
    pub(crate) fn of(&self, call: &Call) -> Vec<Note> {
        let notes: RwLockReadGuard<'_, Notes> = self.0.read().unwrap_or_else(PoisonError::into_inner);
        notes.by_subject.get(call.subject()).cloned().unwrap_or_default()
    }
}

impl WriteNotes {
    fn lock(&self) -> RwLockWriteGuard<'_, Notes> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was such a note.
    fn remove(&self, subject: &str, id: &str) -> bool {
        let mut notes = self.lock();
        let own = notes.by_subject.entry(subject.to_owned()).or_default();
        let before = own.len();
        own.retain(|note| note.id != id);
        own.len() < before
    }

    pub(crate) fn add(&self, subject: &str, text: String, color: Option<Color>, tags: Vec<String>) -> Note {
        let mut notes = self.lock();
        notes.last_id += 1;
        let note = Note { id: format!("n{}", notes.last_id), text, color, tags };
        notes.by_subject.entry(subject.to_owned()).or_default().push(note.clone());
        note
    }
}

#[mcp_tool]
async fn list_notes(store: &ReadNotes, call: &Call, input: list_notes::Input) -> Result<list_notes::Output, ToolError> {
    let mut notes = store.of(call);
    notes.retain(|note| {
        input.color.is_none_or(|color| note.color == Some(color))
            && input.beginning.as_deref().is_none_or(|beginning| note.text.starts_with(beginning))
    });
    let total = i64::try_from(notes.len()).map_err(ToolError::internal)?;
    notes.truncate(usize::try_from(input.limit).map_err(ToolError::internal)?);
    Ok(list_notes::Output { notes, total })
}

#[mcp_tool]
async fn count_notes(store: &ReadNotes, call: &Call) -> Result<count_notes::Output, ToolError> {
    Ok(count_notes::Output { count: i64::try_from(store.of(call).len()).map_err(ToolError::internal)? })
}

#[mcp_tool]
async fn price_notes(store: &ReadNotes, call: &Call) -> Result<price_notes::Output, ToolError> {
    Ok(price_notes::Output { cents: 5 * i64::try_from(store.of(call).len()).map_err(ToolError::internal)? })
}

#[mcp_tool]
async fn add_note(store: &WriteNotes, call: &Call, input: add_note::Input) -> Result<Note, ToolError> {
    let add_note::Input { text, color, tags } = input;
    let note = store.add(call.subject(), text, color, tags.unwrap_or_default());
    call.resource_updated("acme://notes");
    if let Some(color) = color {
        let color = match color {
            Color::Red => "red",
            Color::Green => "green",
            Color::Blue => "blue",
        };
        call.resource_updated(format!("acme://notes/{color}"));
    }
    Ok(note)
}

#[mcp_tool]
async fn delete_note(
    store: &WriteNotes,
    call: &Call,
    input: delete_note::Input,
) -> Result<delete_note::Output, ToolError> {
    // Of no consequence for them: it is how the tests see that clients are told.
    for list in [List::Tools, List::Prompts, List::Resources] {
        call.list_changed(list);
    }
    Ok(delete_note::Output { deleted: store.remove(call.subject(), &input.note_id) })
}

/// What every account has left to print with.
const CREDITS: i64 = 10;

#[mcp_tool]
async fn print_note(
    store: &WriteNotes,
    call: &Call,
    input: print_note::Input,
) -> Result<print_note::Output, ToolError> {
    if input.copies > CREDITS {
        return Err(ToolError::out_of_credits(format!("{} credits are needed, and {CREDITS} are left", input.copies)));
    }
    for _ in 0..input.copies {
        store.add(call.subject(), format!("copy of {}", input.note_id), None, Vec::new());
    }
    Ok(print_note::Output { printed: input.copies })
}

#[mcp_tool]
async fn shred_note(
    store: &WriteNotes,
    call: &Call,
    input: shred_note::Input,
) -> Result<shred_note::Output, ToolError> {
    Ok(shred_note::Output { shredded: store.remove(call.subject(), &input.note_id) })
}
