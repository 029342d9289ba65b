"""What can keep a page from being shown."""

from typing import Literal

WebViewErrorCode = Literal["no-browser", "bad-url", "not-loaded", "crashed"]


class WebViewError(Exception):
    """No page is shown. `code` is stable; the text says what happened and what to do.

    no-browser: none can be started here. bad-url: not a page of http or https. not-loaded: the page did not come, in
    time or at all. crashed: browser or page ended.
    """

    def __init__(self, code: WebViewErrorCode, text: str) -> None:
        super().__init__(text)
        self.code = code
