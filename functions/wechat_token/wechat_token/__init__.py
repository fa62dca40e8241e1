"""Access tokens, fetched from the address that is on WeChat's whitelist."""
