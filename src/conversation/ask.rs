//! What a handler can ask its caller's client for: the types that generated code implements.

use serde_json::{Map, Value};

use super::answer::Answer;
use crate::{ToolError, spec::AskSpec};

/// Something that a client can be asked for, as a type. Generated code has one for each of a tool's `asks`:
/// `book_flight::asks::Seat`.
pub trait Ask: Send + Sync + 'static {
    /// The declaration.
    const SPEC: &'static AskSpec;
    /// What comes back: [`super::Elicited`] of a form, [`super::Sampled`] of a prompt, or [`super::Roots`].
    type Answer: Answer;

    /// The text in the place of the declared one, if there is another.
    #[doc(hidden)]
    fn text(&self) -> Option<&str> {
        None
    }

    /// The same with this text, as it is, in the place of the declared message or prompt. In what a person reads, words
    /// of others have to be told apart from yours, as the declared message does for you.
    fn with_message(self, text: impl Into<String>) -> Reworded<Self>
    where
        Self: Sized,
    {
        Reworded { ask: self, text: text.into() }
    }
}

/// An [`Ask`] with another text than the declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reworded<A> {
    ask: A,
    text: String,
}

impl<A: Ask> Ask for Reworded<A> {
    const SPEC: &'static AskSpec = A::SPEC;
    type Answer = A::Answer;

    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn with_message(self, text: impl Into<String>) -> Reworded<Self> {
        Reworded { text: text.into(), ask: self }
    }
}

/// What can be asked for at once: an [`Ask`], one that is asked or not (`Option`), or several of them as a tuple.
pub trait Asks: Send + Sync {
    /// What comes back, in the same shape.
    type Answers: Send;

    /// Every question.
    #[doc(hidden)]
    fn questions<'a>(&'a self, questions: &mut Vec<Question<'a>>);

    /// The answers, out of those to all questions.
    ///
    /// # Errors
    /// When one is not there, or is not what its type takes.
    #[doc(hidden)]
    fn read(&self, answers: &Answers) -> Result<Self::Answers, ToolError>;
}

/// One question to a client.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub(super) ask: &'static AskSpec,
    pub(super) text: Option<&'a str>,
}

/// What a client has answered, by the keys of the questions. Each fits its question.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Answers(pub(super) Map<String, Value>);

impl<A: Ask> Asks for A {
    type Answers = A::Answer;

    fn questions<'a>(&'a self, questions: &mut Vec<Question<'a>>) {
        questions.push(Question { ask: A::SPEC, text: self.text() });
    }

    fn read(&self, answers: &Answers) -> Result<A::Answer, ToolError> {
        let key = A::SPEC.key;
        let answer = answers.0.get(key).ok_or_else(|| ToolError::internal(format!("no answer to `{key}`")))?;
        A::Answer::read(answer).map_err(|error| ToolError::internal(format!("the answer to `{key}`: {error}")))
    }
}

impl<A: Ask> Asks for Option<A> {
    type Answers = Option<A::Answer>;

    fn questions<'a>(&'a self, questions: &mut Vec<Question<'a>>) {
        if let Some(ask) = self {
            ask.questions(questions);
        }
    }

    fn read(&self, answers: &Answers) -> Result<Self::Answers, ToolError> {
        self.as_ref().map(|ask| ask.read(answers)).transpose()
    }
}

/// Tuples of these sizes are asked at once.
macro_rules! tuples {
    ($($($part:ident)+;)+) => {$(
        #[allow(non_snake_case, reason = "each part is named after its type")]
        impl<$($part: Asks),+> Asks for ($($part,)+) {
            type Answers = ($($part::Answers,)+);

            fn questions<'a>(&'a self, questions: &mut Vec<Question<'a>>) {
                let ($($part,)+) = self;
                $($part.questions(questions);)+
            }

            fn read(&self, answers: &Answers) -> Result<Self::Answers, ToolError> {
                let ($($part,)+) = self;
                Ok(($($part.read(answers)?,)+))
            }
        }
    )+};
}

tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}
