"""An S3 server for tests: moto's, on a port of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve S3, and let the AWS_* variables lead there. The servers of all tests in a process share their buckets."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
    ):
        monkeypatch.setenv(name, value)
    # fsspec keeps file systems by their arguments, not by the variables: an earlier test's server would be asked.
    S3FileSystem.clear_instance_cache()
    yield
    S3FileSystem.clear_instance_cache()
    server.stop()
