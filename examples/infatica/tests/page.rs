//! The documentation and the clients' files have every fact of the vendor's page.

use std::collections::BTreeSet;

use toolwright_tests::{missing_facts, rows};

#[test]
fn every_fact_of_the_vendors_page_is_in_the_documentation() {
    let missing = missing_facts("infatica", "infatica-page.tsv");
    assert!(missing.is_empty(), "{} facts are missing:\n{}", missing.len(), missing.join("\n"));
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
