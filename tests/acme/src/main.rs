//! The small server that the runtime is tested with.

fn main() {}
