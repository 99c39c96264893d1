//! The documentation and the clients' files have every fact of the vendor's page.

use toolwright_tests::missing_facts;

#[test]
fn every_fact_of_the_vendors_page_is_in_the_documentation() {
    let missing = missing_facts("inference", "inference-page.tsv");
    assert!(missing.is_empty(), "{} facts are missing:\n{}", missing.len(), missing.join("\n"));
}
