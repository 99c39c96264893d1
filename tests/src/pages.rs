//! Documentation as a reader sees it, held against facts that were transcribed by hand.

use std::{fs, path::Path};

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::facts::{rows, workspace};

/// A paragraph, an item, a row of a table or a block of code, as a reader sees it.
struct Block {
    /// The headings above it, without the page's title: `Connect > Cursor`.
    headings: String,
    text: String,
}

/// The blocks of a page. A file that is no page is one block.
fn blocks(file: &Path) -> Vec<Block> {
    let content = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if file.extension().is_some_and(|extension| extension == "md") {
        blocks_of_page(&content)
    } else {
        vec![Block { headings: String::new(), text: folded(&content) }]
    }
}

fn blocks_of_page(content: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut headings: Vec<(HeadingLevel, String)> = Vec::new();
    let mut text = String::new();
    for event in Parser::new_ext(content, Options::ENABLE_TABLES) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::TableCell) => text.push_str(" | "),
            Event::End(TagEnd::Heading(level)) => {
                headings.retain(|(above, _)| *above < level);
                headings.push((level, folded(&text)));
                text.clear();
            }
            Event::Start(Tag::Heading { .. } | Tag::Paragraph | Tag::Item | Tag::CodeBlock(_))
            | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableHead | TagEnd::TableRow | TagEnd::CodeBlock) =>
            {
                let path: Vec<&str> = headings.iter().skip(1).map(|(_, heading)| heading.as_str()).collect();
                blocks.push(Block { headings: path.join(" > "), text: folded(&text) });
                text.clear();
            }
            _ => {}
        }
    }
    blocks
}

/// Text to search in: what a line ends with and how a word begins makes no difference.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The facts of a file under `tests/facts` that the generated files of a server do not have. A row is a fact, the file
/// below `generated/<server>` that has it, the headings above it there, and texts that stand together, with ` … ` between
/// them.
///
/// # Panics
/// When a file cannot be read, or a row has another number of columns.
pub fn missing_facts(server: &str, file: &str) -> Vec<String> {
    let generated = workspace().join("generated").join(server);
    let missing = |row: &Vec<String>| {
        let [fact, file, headings, texts] = row.as_slice() else { panic!("a row has four columns: {row:?}") };
        let texts: Vec<String> = texts.split(" … ").map(folded).collect();
        let holds = |block: &Block| {
            block.headings == headings.to_lowercase() && texts.iter().all(|text| block.text.contains(text))
        };
        let found = blocks(&generated.join(file)).iter().any(holds);
        (!found).then(|| format!("{fact}: nothing in {file} under `{headings}` has all of {texts:?}"))
    };
    rows(file).iter().filter_map(missing).collect()
}
