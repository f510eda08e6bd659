"""Buckets: moto's S3 server in a process of its own, and folders that are copied there by the official clients."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import boto3

REGION = "us-east-1"


@contextlib.contextmanager
def s3_server(log: Path) -> Iterator[str]:
    """The URL of a server; `log` gets a line for each request."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError), urlopen(f"{url}/moto-api/") as answer:
                answer.read()
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def fill_s3(url: str, bucket: str, folder: Path, prefix: str = "") -> None:
    """Make the bucket and put every file below `folder` there."""
    client = boto3.client(
        "s3", endpoint_url=url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_bucket(Bucket=bucket)
    files = [path for path in folder.rglob("*") if path.is_file()]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda path: client.put_object(
                    Bucket=bucket, Key=prefix + path.relative_to(folder).as_posix(), Body=path.read_bytes()
                ),
                files,
            )
        )
    client.close()
