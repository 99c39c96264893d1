//! Tools of Infatica MCP.
