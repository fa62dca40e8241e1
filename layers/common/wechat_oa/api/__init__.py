"""What we ask of WeChat: the Official Account server API.

A module for each area, whose functions take the client and carry the platform's own names: ``draft.add``,
``publish.submit``, ``media.upload_temporary``. Those that can warn say so in what they return.
"""
