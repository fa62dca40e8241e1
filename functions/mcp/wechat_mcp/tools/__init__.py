"""The tools, one module each, and the list of them."""
