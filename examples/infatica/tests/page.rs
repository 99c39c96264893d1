//! The documentation and the clients' files have every fact of the vendor's page.

use std::{collections::BTreeSet, fs, path::Path};

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use toolwright_tests::{rows, workspace};

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

#[test]
fn every_fact_of_the_vendors_page_is_in_the_documentation() {
    let generated = workspace().join("generated/infatica");
    let facts = rows("infatica-page.tsv");
    let missing: Vec<String> = facts
        .iter()
        .filter_map(|row| {
            let [fact, file, headings, texts] = row.as_slice() else { panic!("a row has four columns: {row:?}") };
            let texts: Vec<String> = texts.split(" … ").map(folded).collect();
            let holds = |block: &Block| {
                block.headings == headings.to_lowercase() && texts.iter().all(|text| block.text.contains(text))
            };
            let found = blocks(&generated.join(file)).iter().any(holds);
            (!found).then(|| format!("{fact}: nothing in {file} under `{headings}` has all of {texts:?}"))
        })
        .collect();
    assert!(missing.is_empty(), "{} of {} facts are missing:\n{}", missing.len(), facts.len(), missing.join("\n"));
}

#[test]
fn every_tool_scope_and_prompt_has_its_fact() {
    let facts: BTreeSet<String> = rows("infatica-page.tsv").into_iter().map(|row| row[0].clone()).collect();
    for file in ["infatica.tsv", "infatica-scopes.tsv", "infatica-prompts.tsv"] {
        for row in rows(file) {
            assert!(facts.contains(&row[0]), "infatica-page.tsv has no row for {}, of {file}", row[0]);
        }
    }
}
