"""A small WeChat platform on one machine: it delivers, repeats, refuses and pushes as the real one does."""
