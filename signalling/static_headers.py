"""Security headers of the pages and files."""

import re
from typing import Final

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")

FILE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# The SDK is meant for pages of other origins too.
SHARED_FILE: Final = FILE | {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def page(host: str) -> dict[str, str]:
    """Headers of a page that was asked for under this `Host`.

    The address of a room is a secret among its guests: it goes nowhere as a referrer.
    """
    return FILE | {
        "Content-Security-Policy": content_security_policy(host),
        "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), "
        "fullscreen=(self), autoplay=(self), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
    }


def content_security_policy(host: str) -> str:
    """Only files of this server, no inline script or style, connections only back to here.

    WebSockets of the same host are named, because not every browser takes 'self' to mean them.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob: mediastream:",
            "manifest-src 'self'",
            f"connect-src 'self'{sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )
