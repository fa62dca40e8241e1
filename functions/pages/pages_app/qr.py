"""A page's address as a QR code, to open it on a phone."""

from __future__ import annotations

import io

from pages_app.http import Answer


def answer(url: str) -> Answer:
    """Return the QR code of an address as an SVG of black modules on white."""
    import segno  # noqa: PLC0415  (only this answer needs it)

    image = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        image, kind="svg", scale=8, border=3, dark="#000", light="#fff", xmldecl=False, omitsize=True
    )
    return Answer(
        200,
        image.getvalue(),
        {
            "content-type": "image/svg+xml; charset=utf-8",
            "cache-control": "public, max-age=3600",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
        },
    )
