"""The self-test: what WeChat, a visitor and an MCP client do, done to a running account over HTTP."""
