"""Hosted pages: the index that visitors see, the API that the owner's page manager uses, the site's files."""
