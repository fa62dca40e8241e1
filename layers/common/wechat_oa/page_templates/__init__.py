"""Page templates: a title, sections and the like become one of several good-looking pages.

A page is one HTML file that needs nothing else: its style is in it. Everything that is filled in is escaped.
"""

from wechat_oa.page_templates.fields import PageFields, TemplateError, read_fields
from wechat_oa.page_templates.filling import TEMPLATES, generate, generate_draft, get_template, list_templates

__all__ = [
    "TEMPLATES",
    "PageFields",
    "TemplateError",
    "generate",
    "generate_draft",
    "get_template",
    "list_templates",
    "read_fields",
]
