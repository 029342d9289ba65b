"""All sockets are read, by compiled code as by Python, and whose each datagram is."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bench.client.compiled import library
from bench.client.datagrams import ROWS, Datagrams, open_socket
from bench.client.reading import Reader

SOCKETS = 5


@pytest.fixture(params=["compiled", "plain"])
def reader(request: pytest.FixtureRequest) -> Iterator[tuple[Reader, Datagrams]]:
    functions = library() if request.param == "compiled" else None
    if request.param == "compiled" and functions is None:
        pytest.skip("there is no compiler")
    datagrams = Datagrams()
    reader = Reader(datagrams, functions)
    yield reader, datagrams
    reader.close()


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def test_datagrams_come_with_their_owner_and_time_and_in_order(reader: tuple[Reader, Datagrams], server: socket.socket):
    reading, datagrams = reader
    with ExitStack() as open_:
        clients = [open_.enter_context(open_socket(server.getsockname())) for _ in range(SOCKETS)]
        for number, client in enumerate(clients):
            reading.add(client, 100 + number)
            for index in range(30 * (number % 2) + 1):
                server.sendto(bytes([number, index]), client.getsockname())
        reading.remove(clients[2])
        reading.remove(clients[2])
        assert reading.read()
        rows = [(int(datagrams.owners[row]), *datagrams.data(row)) for row in range(datagrams.count)]
        wanted = [(100 + n, n, index) for n in range(SOCKETS) if n != 2 for index in range(30 * (n % 2) + 1)]
        assert sorted(rows) == wanted
        assert [row for row in rows if row[0] == 101] == [row for row in wanted if row[0] == 101]
        assert [datagrams.arrival(row) for row in range(datagrams.count)] == datagrams.arrivals.tolist()
        assert min(datagrams.arrivals.tolist()) > 0
        datagrams.clear()
        assert reading.read()
        assert datagrams.count == 0


def test_what_finds_no_room_is_read_in_the_next_turn(reader: tuple[Reader, Datagrams], server: socket.socket):
    reading, datagrams = reader
    number, each = 2 * ROWS // 256, 192
    with ExitStack() as open_:
        for owner in range(number):
            client = open_.enter_context(open_socket(server.getsockname()))
            reading.add(client, owner)
            for _ in range(each):
                server.sendto(b"x", client.getsockname())
        came = [0] * number
        assert not reading.read()
        for _ in range(2):
            assert datagrams.count
            for owner in datagrams.owners[: datagrams.count].tolist():
                came[owner] += 1
            datagrams.clear()
            last = reading.read()
        assert last
        assert came == [each] * number
        assert datagrams.count == 0
