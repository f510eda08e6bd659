from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.oci.errors import NotFound as Gone
from reconciler.oci.errors import RegistryBusy, RegistryDenied, RegistryRefused, RegistryUnreachable
from reconciler.oci.stores.buckets import oss_endpoint
from reconciler.oci.stores.failure import failure
from reconciler.oci.stores.operators import OperatorStore


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (
            'ConfigInvalid (permanent) at list => S3Error { code: "NoSuchBucket", message: "It does not exist" }',
            Gone,
            "there is no such bucket (NoSuchBucket)",
        ),
        ("NotFound (permanent) at read => entity not found\n\nContext:\n   path: a", Gone, "a: it is not there"),
        (
            'PermissionDenied (permanent) at read => OSSError { code: "AccessDenied", message: "no right" }',
            RegistryDenied,
            "a: AccessDenied no right",
        ),
        (
            "Unexpected (permanent) at read => signing http request\n\nSource:\n   failed to load signing credential\n",
            RegistryDenied,
            "a: no credential was found",
        ),
        ("RateLimited (temporary) at read => slow down", RegistryBusy, "a: slow down"),
        (
            "Unexpected (temporary) at read => send http request\n\nSource:\n   Connection refused (os error 111)\n",
            RegistryUnreachable,
            "a: send http request; Connection refused (os error 111)",
        ),
        ("Unexpected (permanent) at read => odd\x1b[31m", RegistryRefused, "a: odd [31m"),
        ("something else", RegistryRefused, "a: something else"),
    ],
)
def test_what_the_library_says_is_told_in_one_line(said: str, kind: type[Exception], told: str) -> None:
    error = failure("oss://b", "a", OSError(said))
    assert type(error) is kind
    assert error.message == told


def test_a_renewed_credential_is_used_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "object").write_bytes(b"content")
    roots = iter([tmp_path / "old", tmp_path / "new", tmp_path / "new"])
    store = OperatorStore("file:here", "fs", lambda: {"root": str(next(roots))}, ranged=False)
    assert store.stat("object") is None
    assert store.read("object", 100) == b"content"
    with pytest.raises(RegistryRefused, match="more than 3 bytes"):
        store.read("object", 3)


def test_oss_of_a_region_over_the_internet_and_from_inside() -> None:
    assert oss_endpoint("cn-hangzhou") == "https://oss-cn-hangzhou.aliyuncs.com"
    assert oss_endpoint("cn-hangzhou", internal=True) == "https://oss-cn-hangzhou-internal.aliyuncs.com"
