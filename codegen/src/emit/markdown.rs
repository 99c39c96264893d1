//! Text of a manifest as Markdown that shows it as it was written.
//!
//! A manifest's text is plain, but for code between backticks, which stays code. All else that
//! Markdown would read as markup is escaped.

/// Where Markdown is put.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A paragraph, where a vertical bar is a character like others.
    Paragraph,
    /// Anywhere in a line, which may be a row of a table.
    Anywhere,
}

/// Text for any place in a line: a heading, an item of a list, a cell of a table.
pub(super) fn inline(text: &str) -> String {
    escaped(text, Place::Anywhere)
}

/// Text of several paragraphs, which blank lines separate.
pub(super) fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let paragraphs = text.split("\n\n").map(|paragraph| escaped(paragraph, Place::Paragraph));
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Text as code, for any place in a line.
pub(super) fn code(text: &str) -> String {
    code_span(text, Place::Anywhere)
}

fn escaped(text: &str, place: Place) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut markdown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let length = if first == '`' {
            span(rest, place, &mut markdown)
        } else if let Some(length) = address(rest) {
            markdown.extend(["<", &rest[..length], ">"]);
            length
        } else {
            let (before, after) = (&text[..text.len() - rest.len()], &rest[first.len_utf8()..]);
            character(before, first, after, place, &mut markdown);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    markdown
}

fn code_span(text: &str, place: Place) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if place == Place::Anywhere && text.contains('|') {
        return code_without_bars(&text);
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Code as HTML: a table would end its cell at a bar between backticks, and outside of tables an
/// escaped bar there would show its backslash.
fn code_without_bars(text: &str) -> String {
    let mut html = String::from("<code>");
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            html.extend(["&#", &u32::from(character).to_string(), ";"]);
        } else {
            html.push(character);
        }
    }
    html + "</code>"
}

/// Lines of code as a block.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// Writes the code that `text` starts with, or its backticks when nothing closes them; answers with
/// the length of what was read.
fn span(text: &str, place: Place, markdown: &mut String) -> usize {
    let opening = run(text);
    let mut at = opening;
    while let Some(next) = text[at..].find('`') {
        at += next;
        let closing = run(&text[at..]);
        if closing == opening {
            let content = &text[opening..at];
            markdown.push_str(&code_span(if opening > 1 { content.trim() } else { content }, place));
            return at + closing;
        }
        at += closing;
    }
    markdown.push_str(&"\\`".repeat(opening));
    opening
}

/// The length of the web address that `text` starts with, without the punctuation that ends a sentence.
fn address(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end = text.find(|c: char| c.is_whitespace() || "<>`|\"\\".contains(c)).unwrap_or(text.len());
    let address = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*', '_']);
    (address.len() > scheme.len()).then_some(address.len())
}

/// Writes one character between `before` and `after`, escaped where Markdown would read it as markup.
fn character(before: &str, this: char, after: &str, place: Place, markdown: &mut String) {
    let next = after.chars().next();
    let inside_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_markup = match this {
        '\\' | '*' | '[' | ']' | '<' | '>' | '$' | '~' => true,
        '|' => place == Place::Anywhere,
        '_' => !(inside_word(before.chars().next_back()) && inside_word(next)),
        '&' => next.is_some_and(|c| c.is_ascii_alphabetic() || c == '#'),
        '#' | '+' | '-' | '=' => before.is_empty(),
        '.' | ')' => !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    if is_markup {
        markdown.push('\\');
    }
    markdown.push(this);
}

fn run(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, TagEnd};

    use super::*;

    /// What a reader sees of Markdown; its cells, items and blocks are separated by `¦`.
    fn seen(markdown: &str) -> String {
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH | Options::ENABLE_TASKLISTS;
        let mut seen = String::new();
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(text) | Event::Code(text) => seen.push_str(&text),
                Event::SoftBreak => seen.push(' '),
                Event::InlineHtml(html) if ["<code>", "</code>"].contains(&&*html) => {}
                Event::Start(_) | Event::End(TagEnd::Link) => {}
                Event::End(_) => seen.push('¦'),
                other => panic!("{other:?} in {markdown}"),
            }
        }
        seen.trim_end_matches('¦').to_owned()
    }

    /// Text that a manifest may have, and what a reader shall see of it.
    const TEXTS: &[(&str, &str)] = &[
        ("plain text, with a comma.", "plain text, with a comma."),
        ("two\nlines   and\tspaces", "two lines and spaces"),
        ("a|b || c", "a|b || c"),
        ("back\\slash \\| and \\", "back\\slash \\| and \\"),
        ("<b>bold</b> <!-- no --> a < b > c", "<b>bold</b> <!-- no --> a < b > c"),
        ("&amp; &#124; AT&T", "&amp; &#124; AT&T"),
        ("*one* **two** _three_ __four__ ~~five~~", "*one* **two** _three_ __four__ ~~five~~"),
        ("snake_case_name and _private", "snake_case_name and _private"),
        ("[text](target) ![image](x) [x] [^1]", "[text](target) ![image](x) [x] [^1]"),
        ("# one", "# one"),
        ("- [ ] item", "- [ ] item"),
        ("+ item", "+ item"),
        ("1. item 2. item", "1. item 2. item"),
        ("12) item", "12) item"),
        ("> quote", "> quote"),
        ("=== ---", "=== ---"),
        ("--- | ---", "--- | ---"),
        ("costs $5 and $6, or $$x$$", "costs $5 and $6, or $$x$$"),
        ("`code` and `a|b`", "code and a|b"),
        ("`a\\|b*_<x>[y]&amp;`", "a\\|b*_<x>[y]&amp;"),
        ("`` a`b `` and ```c```", "a`b and c"),
        ("a lone ` backtick", "a lone ` backtick"),
        ("two `` and one `", "two `` and one `"),
        ("see https://a.example/x_y?a=1&b=2, or not", "see https://a.example/x_y?a=1&b=2, or not"),
        ("(https://a.example/*x*)", "(https://a.example/*x*)"),
        ("https:// is no address", "https:// is no address"),
        ("größe → „ja“ 🦀", "größe → „ja“ 🦀"),
        ("{{ braces }} {% tags %}", "{{ braces }} {% tags %}"),
    ];

    #[test]
    fn text_is_seen_as_it_was_written() {
        for (text, expected) in TEXTS {
            assert_eq!(seen(&inline(text)), *expected, "in a paragraph: {}", inline(text));
            assert_eq!(seen(&format!("- {}", inline(text))), *expected, "in a list: {}", inline(text));
            assert_eq!(seen(&format!("## {}", inline(text))), *expected, "in a heading: {}", inline(text));
            let table = format!("| a | b |\n|---|---|\n| {} | end |\n", inline(text));
            assert_eq!(seen(&table), format!("a¦b¦¦{expected}¦end"), "in a table: {}", inline(text));
            assert_eq!(seen(&paragraphs(text)), *expected, "in a text: {}", paragraphs(text));
        }
    }

    #[test]
    fn code_is_seen_as_it_was_written() {
        for text in ["a", "a|b", "`", "``a`", "<x> & [y] \\ * _", "a\\|b`", "https://a.example", " x "] {
            assert_eq!(seen(&code(text)), text.trim_matches(' '), "in a paragraph: {}", code(text));
            let table = format!("| a | b |\n|---|---|\n| {} | end |\n", code(text));
            assert_eq!(seen(&table), format!("a¦b¦¦{}¦end", text.trim_matches(' ')), "in a table: {}", code(text));
        }
    }

    #[test]
    fn paragraphs_are_kept_apart() {
        assert_eq!(paragraphs("one\nline\r\n\r\n\n\ntwo | three\n"), "one line\n\ntwo | three");
    }

    #[test]
    fn a_block_outlasts_the_backticks_in_it() {
        for text in ["plain", "```\ninside\n```", "a ````` b"] {
            assert_eq!(seen(&block("text", text)), format!("{text}\n"), "{}", block("text", text));
        }
    }
}
