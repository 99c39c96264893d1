//! Infatica MCP.

fn main() {}
