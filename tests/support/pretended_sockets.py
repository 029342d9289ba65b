"""Lets doubles of sockets stand where C code expects file descriptors."""

from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from cffi import FFI

FIRST_NUMBER = 1 << 20

_types = FFI()
_types.cdef(
    """
    struct iovec { char *base; size_t size; };
    struct msghdr {
        void *name; uint32_t name_size; struct iovec *parts; size_t part_count;
        void *control; size_t control_size; int flags;
    };
    struct mmsghdr { struct msghdr message; unsigned int sent; };
    struct cmsghdr { size_t size; int level; int type; char data[2]; };
    int sendmmsg(int descriptor, struct mmsghdr *messages, unsigned int number, int flags);
    """
)
_libc = _types.dlopen(None)
_numbers = count(FIRST_NUMBER)
_doubles: WeakValueDictionary[int, Any] = WeakValueDictionary()


def pretended_descriptor(double: Any) -> int:
    """A number by which `sendmmsg_to_doubles` finds this double again, always the same."""
    for number, known in list(_doubles.items()):
        if known is double:
            return number
    number = next(_numbers)
    _doubles[number] = double
    return number


def sendmmsg_to_doubles(ffi: Any) -> Callable[..., int]:
    """Stands in for sendmmsg: a C callback of `ffi` that calls doubles, and the kernel for real sockets."""

    def send(descriptor: int, messages: Any, number: int, flags: int) -> int:
        headers = _types.cast("struct mmsghdr *", int(ffi.cast("uintptr_t", messages)))
        if descriptor < FIRST_NUMBER:
            sent: int = _libc.sendmmsg(descriptor, headers, number, flags)
            ffi.errno = _types.errno
            return sent
        for index in range(number):
            try:
                _send_one(_doubles[descriptor], headers[index].message)
            except OSError as error:
                ffi.errno = error.errno
                return index or -1
        return number

    return ffi.callback("send_function", send, error=-1)  # type: ignore[no-any-return]  # cffi has no types for it


def _send_one(double: Any, message: Any) -> None:
    data = b"".join(
        _types.buffer(message.parts[index].base, message.parts[index].size)[:] for index in range(message.part_count)
    )
    if not message.control_size:
        double.sendto(memoryview(data), None)
        return
    control = _types.cast("struct cmsghdr *", message.control)
    double.sendmsg((memoryview(data),), [(control.level, control.type, _types.buffer(control.data)[:])], 0, None)
