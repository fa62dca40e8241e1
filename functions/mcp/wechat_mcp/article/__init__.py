"""Articles: Markdown in, a WeChat article out (图文 or 贴图), with its pictures, its cover and its draft."""

from .rendering import ArticleError, Options, render
from .result import Article, Notice, Picture
from .themes import Theme, ThemeError, all_themes

__all__ = [
    "Article",
    "ArticleError",
    "Notice",
    "Options",
    "Picture",
    "Theme",
    "ThemeError",
    "all_themes",
    "render",
]
