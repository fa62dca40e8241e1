"""What makes a tool out of a few functions: actions, parameters, scopes, confirmations."""
