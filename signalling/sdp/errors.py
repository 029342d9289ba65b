"""The one error of this package."""


class SdpError(ValueError):
    """An offer that cannot be understood or served at all.

    `code` is stable and meant for programs (kebab-case, such as `too-large` or `no-fingerprint`);
    `sentence` says to a developer what is wrong and where.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
