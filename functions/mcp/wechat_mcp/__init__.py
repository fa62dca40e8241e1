"""The MCP server: the account's tools, for Claude and every other MCP client."""
