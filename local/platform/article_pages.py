"""The articles as readers open them, and their pictures: under addresses that nobody can guess.

Articles are the account's own HTML on the simulator's origin, so they are shown in a sandbox: no scripts, and
nothing of that origin is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from .records import day_of
from .state import Platform

_HEADERS = {
    "Content-Security-Policy": (
        "sandbox allow-popups; default-src 'none'; img-src 'self' data: https: http:;"
        " style-src 'unsafe-inline'; media-src 'self' https: http:;"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<body style="max-width:677px;margin:0 auto;padding:16px;font-family:system-ui,sans-serif;line-height:1.75">
<h1 style="font-size:22px">{title}</h1>
<p style="color:#888;font-size:15px">{author} {account}</p>
{content}
{source}
</body>
</html>
"""


def article_routes(platform: Platform) -> list[Route]:
    """Return the routes of articles and pictures."""

    async def article(request: Request) -> Response:
        found = platform.publications.by_sn(request.path_params["sn"])
        if found is None:
            return HTMLResponse("该内容已被发布者删除，或者不存在", 404, _HEADERS)
        reader = f"{request.client.host if request.client else ''} {request.headers.get('user-agent', '')}"
        found.readers[day_of(platform.clock()).isoformat()][reader] += 1
        return HTMLResponse(_page(platform, found.fields), headers=_HEADERS)

    async def preview(request: Request) -> Response:
        draft = platform.publications.drafts.get(request.query_params.get("media_id", ""))
        index = request.query_params.get("index", "0")
        if draft is None or index not in {str(number) for number in range(len(draft.articles))}:
            return HTMLResponse("没有这份草稿", 404, _HEADERS)
        return HTMLResponse(_page(platform, draft.articles[int(index)]), headers=_HEADERS)

    async def picture(request: Request) -> Response:
        media = platform.materials.picture(request.path_params["picture_id"])
        if media is None or media.kind not in ("image", "thumb"):
            return Response("not found", 404, _HEADERS, media_type="text/plain")
        return Response(media.data, headers=_HEADERS, media_type=media.content_type)

    return [
        Route("/s/preview", preview, methods=["GET"]),
        Route("/s/{sn}", article, methods=["GET"]),
        Route("/mmbiz/{picture_id}", picture, methods=["GET"]),
    ]


def _page(platform: Platform, fields: Mapping[str, Any]) -> str:
    link = escape(str(fields.get("content_source_url", "")))
    return _PAGE.format(
        title=escape(str(fields["title"])),
        author=escape(str(fields.get("author", ""))),
        account=escape(platform.account.name),
        content=_content(platform, fields),
        source=f'<p><a href="{link}" target="_blank" rel="noopener">阅读原文</a></p>' if link else "",
    )


def _content(platform: Platform, fields: Mapping[str, Any]) -> str:
    if fields["article_type"] == "news":
        return str(fields["content"])
    ids = [image["image_media_id"] for image in fields["image_info"]["image_list"]]
    pictures = "".join(
        f'<img src="{platform.picture_url(one)}" alt="" style="max-width:100%">' for one in ids
    )
    return f'{pictures}<p style="white-space:pre-wrap">{escape(str(fields["content"]))}</p>'
