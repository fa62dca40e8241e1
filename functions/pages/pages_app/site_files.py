"""The site's own files: what each is, how long it is kept, and those here where no CDN serves them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pages_app.http import Answer, Refusal, json_answer
from wechat_oa.page_headers import site_headers
from wechat_oa.settings import Settings

MANAGER = Path(__file__).parent / "site"
THEMES = Path(__file__).parent / "themes"
"""Articles in every theme; scripts/theme_gallery writes it."""
FOLDERS = {"manage": MANAGER, "themes": THEMES}
"""What stands in each folder of the site."""

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    "": "text/plain; charset=utf-8",
}
"""The content type of each kind of file that a site has; licences have no ending."""


def content_type(path: Path) -> str:
    """Return what a file is. Raises KeyError for a kind that no site should have."""
    return CONTENT_TYPES[path.suffix]


def cache_control(path: Path) -> str:
    """Return how long a file is kept.

    Pages and modules name one another without a version, so an old one must never meet a new one: they are
    asked for every time, and mostly not sent. Libraries and images stand for themselves.
    """
    if "vendor" in path.parts or path.suffix in (".svg", ".png", ".ico", ".woff2"):
        return "public, max-age=86400"
    return "no-cache"


def site_files(folder: Path) -> list[Path]:
    """Return the paths below ``folder`` of everything that is served, in order."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not any(part.startswith((".", "__")) for part in path.parts))


def site_answer(settings: Settings, path: str, name: str, below: str) -> Answer:
    """Return the file ``below`` one of the FOLDERS; ``path`` is all of what was asked for. Raises Refusal."""
    if path == f"/{name}":
        return Answer(302, b"", {"location": f"{name}/"})
    folder = FOLDERS[name]
    if folder == MANAGER and below == "config.json":
        # What a deployment writes into the bucket: the API is somewhere else there, and here it is here.
        return json_answer(200, {"api": ""})
    file = Path(below or "index.html")
    if file not in site_files(folder):
        raise Refusal(404, "not_found", "没有这个文件")
    pages = urlsplit(settings.pages_url)
    headers = site_headers(pages=f"{pages.scheme}://{pages.netloc}" if pages.netloc else "")
    more = {"content-type": content_type(file), "cache-control": cache_control(file)}
    return Answer(200, (folder / file).read_bytes(), {**headers, **more})
