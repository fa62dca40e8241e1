"""What WeChat sends us, and what we may send back in the same breath."""
