"""One request to the pages API, whole: routed, allowed, answered."""

from __future__ import annotations

import base64
import binascii
import logging
from typing import Any
from urllib.parse import urlsplit

from pages_app import qr
from pages_app.http import Answer, Refusal, Request, json_answer
from pages_app.index import index_answer, not_found_answer
from pages_app.owner import is_owner, require_owner
from pages_app.services import PagesServices
from pages_app.site_files import FOLDERS, site_answer
from wechat_oa.page_headers import PAGE_CACHE, PAGE_HEADERS
from wechat_oa.page_names import PageError, PageNameError, file_name, hosted_name, page_name, url_path
from wechat_oa.pages import (
    NameTakenError,
    NoSuchPageError,
    Page,
    PageBusyError,
    PageContentError,
)
from wechat_oa.store.table import StoreError

log = logging.getLogger(__name__)

_STATUS: dict[type[PageError], tuple[int, str]] = {
    PageNameError: (400, "bad_name"),
    PageContentError: (400, "bad_content"),
    NameTakenError: (409, "name_taken"),
    PageBusyError: (409, "busy"),
    NoSuchPageError: (404, "not_found"),
}
_PUBLIC = ("name", "url", "title", "description", "created", "updated")
"""What strangers are told of a page: what its visitors see anyway."""
_FOR_OWNER = (*_PUBLIC, "content_type", "size", "sha256", "visits")


def answer(services: PagesServices, request: Request) -> Answer:
    """Answer a request. Never raises for anything a stranger can send."""
    try:
        answered = _answer(services, request)
    except Refusal as refusal:
        more = {"retry-after": str(refusal.retry_after)} if refusal.retry_after else {}
        answered = _error(refusal.status, refusal.code, refusal.text, more)
    except PageError as error:
        status, code = _STATUS[type(error)]
        answered = _error(status, code, str(error))
    except StoreError as error:
        log.error("the store refused: %s", error)
        answered = _error(503, "unavailable", "服务暂时不可用，请稍后再试", {"retry-after": "5"})
    return Answer(answered.status, answered.body, {**answered.headers, **_cors(services, request)})


def _answer(services: PagesServices, request: Request) -> Answer:
    parts = request.path.strip("/").split("/")
    method = "GET" if request.method == "HEAD" else request.method
    match method, *parts:
        case ["OPTIONS", "api", *_]:
            return Answer(204)
        case ["GET", ""] | ["GET", "static-pages"]:
            return index_answer(services, request)
        case ["GET", "pages", name]:
            return _open(services, page_name(name))
        case ["GET", "api", "pages"]:
            return _list(services, request)
        case ["POST", "api", "pages"]:
            return _generate(services, request)
        case ["GET", "api", "pages", name]:
            return _info(services, request, name)
        case ["GET", "api", "pages", name, "qr"]:
            return qr.answer(services.pages.info(name).url)
        case ["DELETE", "api", "pages", name]:
            return _delete(services, request, name)
        case ["POST", "api", "static-page", "delete"]:
            return _delete(services, request, request.text("filename", "name"))
        case ["GET", name, *below] if name in FOLDERS:
            return site_answer(services.settings, request.path, name, "/".join(below))
        case ["GET", name]:
            return _file(services, name)
        case [_, "api", *_]:
            raise Refusal(405, "method", "这个地址不支持这样的请求")
    return not_found_answer(services.settings)


# ---- What visitors see -----------------------------------------------------------------------------------


def _open(services: PagesServices, name: str) -> Answer:
    """Lead to the page on its own origin; serve it here where there is none."""
    settings = services.settings
    # Where there is no other origin, the address of pages is the one that is asked for here.
    if settings.pages_url and not settings.pages_url.endswith(f"{settings.context_path}/pages"):
        location = f"{settings.pages_url}/{url_path(name)}"
        return Answer(302, b"", {"location": location, "cache-control": PAGE_CACHE})
    return page_answer(services, name) or not_found_answer(services.settings)


def _file(services: PagesServices, name: str) -> Answer:
    """A file at the root, where verification files must be. Only text: this may be the site's origin."""
    try:
        name = file_name(name)
    except PageNameError:
        return not_found_answer(services.settings)
    if not name.endswith(".txt"):
        return _open(services, name)
    return page_answer(services, name) or not_found_answer(services.settings)


def page_answer(services: PagesServices, name: str) -> Answer | None:
    """Return a page or a file (by its whole name) with the headers that contain it; None if it is not there.

    Raises StoreError.
    """
    try:
        blob = services.pages.read(name)
    except PageError:
        return None
    headers = {**PAGE_HEADERS, "content-type": blob.content_type, "cache-control": PAGE_CACHE}
    return Answer(200, blob.data, headers)


# ---- The API ---------------------------------------------------------------------------------------------


def _list(services: PagesServices, request: Request) -> Answer:
    owner = is_owner(services.owner_checks, request)
    kind = request.query.get("kind", "page")
    if kind not in ("page", "file"):
        raise Refusal(400, "bad_field", "kind 是 page 或 file")
    if not owner and (kind == "file" or services.settings.pages_index == "owner"):
        require_owner((), request)
    limit = request.query.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= 50):
        raise Refusal(400, "bad_field", "limit 是 1 到 50 的整数")
    found = services.pages.list(
        cursor=request.query.get("cursor", ""), limit=int(limit), kind="file" if kind == "file" else "page"
    )
    pages = [_described(page, owner=owner) for page in found.pages]
    return json_answer(200, {"success": True, "pages": pages, "next": found.next or None})


def _info(services: PagesServices, request: Request, name: str) -> Answer:
    owner = is_owner(services.owner_checks, request)
    page = services.pages.info(name)
    return json_answer(200, {"success": True, "page": _described(page, owner=owner)})


def _generate(services: PagesServices, request: Request) -> Answer:
    require_owner(services.owner_checks, request)
    name = request.text("filename", "name")
    overwrite = request.json.get("overwrite", False)
    if not isinstance(overwrite, bool):
        raise Refusal(400, "bad_field", "overwrite 是 true 或 false")
    data = _content(request)
    if name and not hosted_name(name).endswith(".html"):
        page = services.pages.add_file(data, name, overwrite=overwrite)
    else:
        page = services.pages.generate(data, name, overwrite=overwrite)
    return json_answer(201, {"success": True, "page": _described(page, owner=True)})


def _content(request: Request) -> bytes:
    encoded = request.text("content_base64")
    if encoded:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, "bad_field", "content_base64 不是 base64") from None
    return request.text("html", "content", "htmlContent", "html_content").encode("utf-8", "replace")


def _delete(services: PagesServices, request: Request, name: str) -> Answer:
    require_owner(services.owner_checks, request)
    name = hosted_name(name)
    services.pages.delete(name)
    return json_answer(200, {"success": True, "message": f"已删除 {name}", "name": name})


def _described(page: Page, *, owner: bool) -> dict[str, Any]:
    values = {name: getattr(page, name) for name in (_FOR_OWNER if owner else _PUBLIC)}
    return {name: value for name, value in values.items() if value is not None}


def _error(status: int, code: str, text: str, headers: dict[str, str] | None = None) -> Answer:
    # Older clients read ``message``, the page reads ``error``.
    body = {"success": False, "error": text, "message": text, "code": code}
    return json_answer(status, body, headers)


def _cors(services: PagesServices, request: Request) -> dict[str, str]:
    """Let the site, and nobody else, read what the API answers, where it is on another origin."""
    if not request.path.startswith("/api/"):
        return {}
    headers = {"vary": "Origin"}
    site = urlsplit(services.settings.site_url)
    origin = f"{site.scheme}://{site.netloc}"
    if site.netloc and request.headers.get("origin") == origin:
        headers |= {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "GET, POST, DELETE",
            "access-control-allow-headers": "content-type, x-config-password, authorization",
            "access-control-expose-headers": "retry-after",
            "access-control-max-age": "7200",
        }
    return headers
