"""How the parts of a page look in an article of the account, where each element must bring its own style."""

from __future__ import annotations

from collections.abc import Mapping

ACCENTS: Mapping[str, str] = {
    "simple": "#17735a",
    "magazine": "#8c2f1b",
    "event": "#d0432f",
    "report": "#1f5fbf",
}
"""Each template's colour."""

_STYLES: Mapping[str, str] = {
    "page": "font-size:16px;line-height:1.75;color:#333;word-break:break-word;",
    "cover": "margin:0 0 20px;text-align:center;",
    "picture": "margin:18px 0;text-align:center;",
    "image": "max-width:100%;border-radius:8px;",
    "caption": "margin-top:6px;font-size:13px;color:#888;",
    "intro": "margin:0 0 22px;color:#666;",
    "text": "margin:0 0 14px;",
    "list": "margin:0 0 14px;padding-left:22px;",
    "warning": "margin:0 0 22px;padding:12px 16px;border-left:4px solid #d9932c;background:#fdf5e6;",
    "section": "margin:0 0 28px;",
    "heading": "margin:0 0 12px;padding-left:10px;border-left:4px solid {accent};font-size:19px;color:#222;",
    "stats": "margin:0 0 16px;text-align:center;",
    "stat": "display:inline-block;min-width:30%;margin:0 1% 10px;vertical-align:top;",
    "label": "font-size:13px;color:#888;",
    "value": "margin:0;font-size:24px;font-weight:bold;color:{accent};",
    "features": "margin:0 0 16px;padding:0;list-style:none;",
    "feature": "margin:0 0 10px;padding:12px 14px;border-radius:8px;background:#f6f6f4;",
    "icon": "margin-right:8px;font-size:20px;",
    "what": "display:inline;",
    "name": "color:#222;",
    "more": "display:block;font-size:15px;color:#666;",
    "progress": "margin:0 0 16px;",
    "bar": "margin:0 0 12px;",
    "measure": "font-size:14px;color:#666;",
    "track": "height:8px;border-radius:4px;background:#eee;",
    "done": "height:8px;border-radius:4px;background:{accent};",
    "quote": "margin:0 0 16px;padding:12px 16px;border-left:4px solid {accent};background:#f6f6f4;",
    "author": "font-size:14px;font-style:normal;color:#888;",
    "code": "margin:0 0 16px;padding:14px;border-radius:8px;background:#f5f5f3;overflow-x:auto;",
    "language": "font-size:12px;color:#888;",
    "pre": "margin:0;font:13px/1.6 Menlo,Consolas,monospace;white-space:pre-wrap;",
    "tags": "margin:0 0 20px;padding:0;list-style:none;",
    "tag": "display:inline-block;margin:0 8px 8px 0;padding:2px 12px;border-radius:12px;background:#f0f0ee;"
    "font-size:13px;color:#666;",
    "go": "margin:24px 0;text-align:center;",
    "action": "display:inline-block;padding:10px 32px;border-radius:24px;background:{accent};color:#fff;"
    "text-decoration:none;",
    "footer": "padding-top:16px;border-top:1px solid #eee;font-size:13px;color:#888;text-align:center;",
}


def draft_style(name: str, accent: str) -> str:
    """Return the attribute that makes a part look like what it is called."""
    return f' style="{_STYLES[name].replace("{accent}", accent)}"'
