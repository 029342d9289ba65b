"""Reading bit fields, most significant bit first."""

from sfu.codecs.info import CodecError


class BitReader:
    """A cursor over the bits of `data`. Every read raises `CodecError` past the end."""

    __slots__ = ("_bits", "_left")

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        """The next `count` bits as an unsigned number."""
        self._left -= count
        if self._left < 0:
            raise CodecError("a bit field is cut off")
        return self._bits >> self._left & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise CodecError("a bit field is cut off")

    def flag(self) -> bool:
        return self.read(1) == 1

    def exp_golomb(self) -> int:
        """ue(v) of ITU-T H.264 section 9.1, also uvlc() of AV1: at most 32 leading zeros."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > 32:
                raise CodecError("an Exp-Golomb code longer than 32 bits")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed_exp_golomb(self) -> int:
        """se(v) of ITU-T H.264 section 9.1.1."""
        code = self.exp_golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)
