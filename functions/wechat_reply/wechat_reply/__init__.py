"""A follower writes and the account answers: WeChat's callback, and the worker that writes the answers."""
