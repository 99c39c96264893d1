use toolwright::{ReadStore, WriteStore};

#[derive(ReadStore, WriteStore)]
struct Both;

fn main() {}
