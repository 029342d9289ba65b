"""What can keep a composite from being made."""


class CompositeError(Exception):
    """No composite was made. `code` is stable; the text says what to do.

    Codes: no-timeline, bad-timeline, nothing-recorded, bad-watermark, no-encoder, cannot-write, encoding-failed.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
