"""Articles: Markdown in, a WeChat article out (图文 or 贴图), with its pictures, its cover and its draft."""

from .rendering import ArticleError, Options, render
from .result import Article, Picture, Warning
from .themes import Theme, ThemeError, all_themes

__all__ = [
    "Article",
    "ArticleError",
    "Options",
    "Picture",
    "Theme",
    "ThemeError",
    "Warning",
    "all_themes",
    "render",
]
