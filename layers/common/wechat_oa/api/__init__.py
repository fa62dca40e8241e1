"""What we ask of WeChat: the Official Account server API."""
