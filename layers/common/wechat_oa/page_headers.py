"""The headers that hosted pages and the site are served with: one definition for the cloud and one machine.

The cloud's copy stands in template.yaml (response headers policies), and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PAGE_CACHE = "public, max-age=60"
"""How long a browser and the cache in front keep a page: an update shows within a minute."""

# allow-same-origin is missing on purpose: a page's scripts run with an origin of nobody's, where there are no
# cookies, no storage, and no answers of any API that did not ask for them. Links that open a new window leave
# the sandbox, since what they lead to is not ours.
PAGE_SECURITY_POLICY = (
    "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals"
    " allow-downloads allow-top-navigation-by-user-activation; base-uri 'none'; object-src 'none'"
)

_EVERYWHERE: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
}

PAGE_HEADERS: Mapping[str, str] = {
    **_EVERYWHERE,
    "content-security-policy": PAGE_SECURITY_POLICY,
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    # For fonts, modules and data that a page loads from beside itself: its origin is nobody's.
    "access-control-allow-origin": "*",
}
"""What every hosted page and file is served with."""


def site_headers(*, apis: Iterable[str] = (), pages: str = "") -> dict[str, str]:
    """Return what the site's own files are served with.

    ``apis`` are the origins that its scripts may call besides their own, ``pages`` is the origin of hosted
    pages, which its previews show, where it is not the site's own.
    """
    connect = " ".join(["'self'", *apis])
    frame = pages or "'self'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:;"
        f" connect-src {connect}; frame-src {frame};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        **_EVERYWHERE,
        "content-security-policy": policy,
        "x-frame-options": "DENY",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cross-origin-opener-policy": "same-origin",
    }
