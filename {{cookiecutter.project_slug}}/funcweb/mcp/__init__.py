"""What only an MCP server needs."""
