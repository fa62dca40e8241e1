"""Who may use the server: bearer tokens, an issuer of the owner's, or the owner's password."""
