"""The model: any OpenAI-compatible service."""
