"""The web chat: a streaming API behind a Function URL, and the page that talks to it."""
