"""A client of a run that only reads: nothing that would write leaves the machine."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest

from reconciler.model.image import Descriptor, Digest
from reconciler.oci.client import Registry
from reconciler.oci.errors import WriteRefused
from tests.unit.oci.scripted import Reply, scripted

CONTENT = b"abc"
DIGEST = Digest(f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")
BLOB = Descriptor(DIGEST, len(CONTENT))

WRITES: dict[str, Callable[[Registry], object]] = {
    "put_manifest": lambda registry: registry.put_manifest("apps/web", "v1", b"{}", "application/json"),
    "mount": lambda registry: registry.mount("apps/web", DIGEST, "base/os"),
    "upload": lambda registry: registry.upload("apps/web", BLOB, lambda offset: io.BytesIO(CONTENT[offset:])).attempt(),
    "put_blob_bytes": lambda registry: registry.put_blob_bytes("apps/web", CONTENT),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_would_write_is_refused_and_not_sent(name: str) -> None:
    with scripted(lambda _: Reply(202)) as server:
        registry = Registry(server.host, lambda _: None, writes=False, sleep=lambda _: None)
        with pytest.raises(WriteRefused, match="would write, and this run only reads"):
            WRITES[name](registry)
        registry.close()
    assert server.asked == []


def test_reads_go_through() -> None:
    with scripted(lambda _: Reply(404)) as server:
        registry = Registry(server.host, lambda _: None, writes=False, sleep=lambda _: None)
        assert registry.head_blob("apps/web", DIGEST) is None
        registry.close()
    assert [asked.method for asked in server.asked] == ["HEAD"]


def test_every_method_that_writes_is_in_the_table_above() -> None:
    public = {name for name in dir(Registry) if not name.startswith("_")}
    of_images = {"manifest", "head_manifest", "head_blob", "open_blob", "referrers", "fallback_index"}
    reading = {"repositories", "tags", "few_tags", *of_images}
    # What gives no request of its own, or can only go on with what `upload` or `mount` began.
    other = {"requests", "retries", "observed", "persist", "close", "cancel"}
    assert public - reading - other == set(WRITES)
