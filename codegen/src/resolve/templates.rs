//! The templates of prompts' messages, of tools' questions and of what both ask: text with gaps and conditions, and nothing else.
//!
//! The parser of the template engine reads them, so that what is checked here is what the runtime
//! renders. Of what the engine knows, only these parts cannot fail once they were checked:
//! `{{ argument }}`, `{{ tool('name') }}`, and conditions over arguments.

use std::{collections::BTreeSet, ops::Range};

use minijinja::machinery::{
    Span,
    ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind},
    parse,
};

use super::Faults;
use crate::{
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{Name, Text},
    source::{Place, Sources},
};

/// What a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Template {
    /// A message of a prompt.
    Message,
    /// What is asked before a tool runs.
    Question,
    /// What a tool asks while it runs.
    Ask,
    /// What is asked before a prompt is given.
    PromptAsk,
}

impl Template {
    /// What can stand in it.
    fn allowed(self) -> String {
        let gaps = match self {
            Self::Message => "a message can have `{{ argument }}`, `{{ tool('name') }}`",
            Self::Question => "a question can have `{{ argument }}`",
            Self::Ask | Self::PromptAsk => "an ask can have `{{ argument }}`",
        };
        format!(
            "{gaps} and `{{% if argument %}}` with `not`, `and`, `or`, `==`, `!=`, `{{% elif … %}}`, `{{% else %}}` and \
             `{{% endif %}}`"
        )
    }

    /// What has the arguments.
    fn owner(self) -> &'static str {
        match self {
            Self::Message | Self::PromptAsk => "prompt",
            Self::Question | Self::Ask => "tool",
        }
    }

    /// How an argument always has a value.
    fn how_given(self) -> &'static str {
        match self {
            Self::Message | Self::PromptAsk => "require it",
            Self::Question | Self::Ask => {
                "give it a value that is never left out: `required: true` or a `default`, and not `nullable`"
            }
        }
    }
}

/// An argument that can fill a gap.
pub(super) struct Argument<'a> {
    pub(super) name: &'a str,
    /// Whether it has a value whatever is left out.
    pub(super) is_always_given: bool,
    /// The only texts that it can be; nothing where it can be any.
    pub(super) words: Option<&'a [String]>,
}

/// Something that a template names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// A tool, by its name.
    Tool(String),
    /// An argument.
    Argument(Mention),
}

/// Where a template names an argument.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) name: String,
    /// Whether its value is printed, and not only asked for.
    pub(super) is_printed: bool,
    /// Whether a condition around it holds only when it is given.
    pub(super) is_given: bool,
    /// What it is compared with.
    pub(super) word: Option<String>,
}

/// Everything that a template names, with its place; nothing for a template with faults, which are
/// reported.
pub(super) fn gaps(sources: &Sources, text: &Text, kind: Template, faults: &mut Faults) -> Option<Vec<(Gap, Place)>> {
    let template = match parse(&text.value, "template", minijinja::syntax::SyntaxConfig::default()) {
        Ok(template) => template,
        Err(error) => {
            let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let at = error.range().map_or(text.at, |range| place_of(sources, text, range));
            let title = format!("this is no template: {why}");
            faults.push(Diagnostic::new(Code::TemplateSyntax, at, title).help(kind.allowed()));
            return None;
        }
    };
    let mut reader = Reader { kind, found: Vec::new(), refused: Vec::new() };
    reader.statement(&template, &BTreeSet::new());
    let is_whole = reader.refused.is_empty();
    for range in reader.refused {
        let at = place_of(sources, text, range);
        let title = "this is more than a gap or a condition";
        faults.push(Diagnostic::new(Code::TemplateSyntax, at, title).help(kind.allowed()));
    }
    let placed = reader.found.into_iter().map(|(gap, range)| (gap, place_of(sources, text, range)));
    is_whole.then(|| placed.collect())
}

/// An argument that a template names exists, and is there where its value is needed.
pub(super) fn check_mention(
    mention: &Mention,
    at: Place,
    kind: Template,
    arguments: &[Argument<'_>],
    faults: &mut Faults,
) {
    let Mention { name, is_printed, is_given, word } = mention;
    let Some(argument) = arguments.iter().find(|argument| argument.name == name) else {
        let title = format!("this {} has no argument {}", kind.owner(), quoted(name));
        let known = arguments.iter().map(|argument| argument.name);
        faults.push(Diagnostic::new(Code::UnknownArgument, at, title).maybe_help(suggestion(name, known)));
        return;
    };
    if *is_printed && !argument.is_always_given && !is_given {
        let title = format!("the argument {} can be absent here", quoted(name));
        let help = format!("put it between `{{% if {name} %}}` and `{{% endif %}}`, or {}", kind.how_given());
        faults.push(Diagnostic::new(Code::AbsentArgument, at, title).help(help));
    }
    let (Some(word), Some(words)) = (word, argument.words) else { return };
    if !words.contains(word) {
        let title = format!("the argument {} is never {}", quoted(name), quoted(word));
        let known = words.iter().map(String::as_str);
        faults.push(Diagnostic::new(Code::UnknownWord, at, title).maybe_help(suggestion(word, known)));
    }
}

/// The arguments that are given when a condition holds, and when it does not.
#[derive(Default)]
struct Given<'a> {
    when_true: BTreeSet<&'a str>,
    when_false: BTreeSet<&'a str>,
}

struct Reader {
    kind: Template,
    found: Vec<(Gap, Range<usize>)>,
    refused: Vec<Range<usize>>,
}

impl Reader {
    fn statements<'a>(&mut self, statements: &[Stmt<'a>], given: &BTreeSet<&'a str>) {
        for statement in statements {
            self.statement(statement, given);
        }
    }

    fn statement<'a>(&mut self, statement: &Stmt<'a>, given: &BTreeSet<&'a str>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children, given),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emitted) => self.printed(&emitted.expr, given),
            Stmt::IfCond(branches) => {
                let condition = self.condition(&branches.expr);
                self.statements(&branches.true_body, &(given | &condition.when_true));
                self.statements(&branches.false_body, &(given | &condition.when_false));
            }
            other => self.refused.push(statement_range(other)),
        }
    }

    fn printed(&mut self, expression: &Expr<'_>, given: &BTreeSet<&str>) {
        match expression {
            Expr::Var(argument) => {
                let gap = Gap::Argument(Mention {
                    name: argument.id.to_owned(),
                    is_printed: true,
                    is_given: given.contains(argument.id),
                    word: None,
                });
                self.found.push((gap, range(argument.span())));
            }
            Expr::Call(call) => {
                let is_tool = self.kind == Template::Message
                    && matches!(&call.expr, Expr::Var(function) if function.id == "tool");
                match call.args.as_slice() {
                    [CallArg::Pos(Expr::Const(name))] if is_tool && name.value.as_str().is_some() => {
                        let gap = Gap::Tool(name.value.as_str().unwrap_or_default().to_owned());
                        self.found.push((gap, range(name.span())));
                    }
                    _ => self.refused.push(range(call.span())),
                }
            }
            other => self.refused.push(range(other.span())),
        }
    }

    fn condition<'a>(&mut self, expression: &Expr<'a>) -> Given<'a> {
        match expression {
            Expr::Var(argument) => self.asked(argument.id, None, range(argument.span())),
            Expr::UnaryOp(not) if matches!(not.op, UnaryOpKind::Not) => {
                let Given { when_true, when_false } = self.condition(&not.expr);
                Given { when_true: when_false, when_false: when_true }
            }
            Expr::BinOp(both) => match both.op {
                BinOpKind::ScAnd => {
                    let (left, right) = (self.condition(&both.left), self.condition(&both.right));
                    Given {
                        when_true: &left.when_true | &right.when_true,
                        when_false: &left.when_false & &right.when_false,
                    }
                }
                BinOpKind::ScOr => {
                    let (left, right) = (self.condition(&both.left), self.condition(&both.right));
                    Given {
                        when_true: &left.when_true & &right.when_true,
                        when_false: &left.when_false | &right.when_false,
                    }
                }
                BinOpKind::Eq => self.comparison(expression, &both.left, &both.right, true),
                BinOpKind::Ne => self.comparison(expression, &both.left, &both.right, false),
                _ => self.refuse(expression),
            },
            Expr::Compare(compared) => match compared.ops.as_slice() {
                [only] => match only.op {
                    CompareOpKind::Eq => self.comparison(expression, &compared.expr, &only.expr, true),
                    CompareOpKind::Ne => self.comparison(expression, &compared.expr, &only.expr, false),
                    _ => self.refuse(expression),
                },
                _ => self.refuse(expression),
            },
            _ => self.refuse(expression),
        }
    }

    /// An argument that is, or is not, one word.
    fn comparison<'a>(&mut self, whole: &Expr<'a>, left: &Expr<'a>, right: &Expr<'a>, is_equal: bool) -> Given<'a> {
        let (Expr::Var(argument), Expr::Const(word)) = (left, right) else { return self.refuse(whole) };
        let Some(word) = word.value.as_str().filter(|word| !word.is_empty()) else { return self.refuse(whole) };
        let Given { when_true, .. } = self.asked(argument.id, Some(word.to_owned()), range(whole.span()));
        // Another value than the word says nothing: it may be absent.
        let (equal, unequal) = (when_true, BTreeSet::new());
        if is_equal {
            Given { when_true: equal, when_false: unequal }
        } else {
            Given { when_true: unequal, when_false: equal }
        }
    }

    fn asked<'a>(&mut self, name: &'a str, word: Option<String>, at: Range<usize>) -> Given<'a> {
        let gap = Gap::Argument(Mention { name: name.to_owned(), is_printed: false, is_given: false, word });
        self.found.push((gap, at));
        Given { when_true: BTreeSet::from([name]), when_false: BTreeSet::new() }
    }

    fn refuse<'a>(&mut self, expression: &Expr<'a>) -> Given<'a> {
        self.refused.push(range(expression.span()));
        Given::default()
    }
}

fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

/// The range of a statement that no message can have.
fn statement_range(statement: &Stmt<'_>) -> Range<usize> {
    range(match statement {
        Stmt::Template(it) => it.span(),
        Stmt::EmitExpr(it) => it.span(),
        Stmt::EmitRaw(it) => it.span(),
        Stmt::ForLoop(it) => it.span(),
        Stmt::IfCond(it) => it.span(),
        Stmt::WithBlock(it) => it.span(),
        Stmt::Set(it) => it.span(),
        Stmt::SetBlock(it) => it.span(),
        Stmt::AutoEscape(it) => it.span(),
        Stmt::FilterBlock(it) => it.span(),
        Stmt::Block(it) => it.span(),
        Stmt::Import(it) => it.span(),
        Stmt::FromImport(it) => it.span(),
        Stmt::Extends(it) => it.span(),
        Stmt::Include(it) => it.span(),
        Stmt::Macro(it) => it.span(),
        Stmt::CallBlock(it) => it.span(),
        Stmt::Do(it) => it.span(),
    })
}

/// The place of a part of a text. YAML can write a text in other characters than its own: the part is
/// then where its words stand, or the whole text where they are broken by escapes or line ends.
pub(super) fn place_of(sources: &Sources, text: &Name, part: Range<usize>) -> Place {
    let Some(words) = text.value.get(part.clone()).filter(|words| !words.trim().is_empty()) else { return text.at };
    let earlier = text.value[..part.start].matches(words).count();
    match sources.text_at(text.at).match_indices(words).nth(earlier) {
        Some((offset, _)) => {
            let start = text.at.start + offset;
            Place { start, end: start + words.len(), ..text.at }
        }
        None => text.at,
    }
}
