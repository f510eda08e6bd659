from __future__ import annotations

from reconciler.core import foreign
from reconciler.model.address import import_rule
from reconciler.model.diagnostic import Severity
from reconciler.model.image import Contents, ImageName, ManifestContent
from reconciler.model.plan import Transfer, TransferReason
from tests.unit.core.scene import digest


def transfer(tag: str, content: str) -> Transfer:
    source, target = ImageName("p.example", "apps/web", tag), ImageName("hub.example", "apps/web", tag)
    return Transfer(import_rule("legacy"), source, target, digest(content), TransferReason.MISSING)


def test_layers_that_stay_are_counted_once_per_manifest() -> None:
    contents: Contents = {
        digest(name): ManifestContent(digest(name), 1, "", foreign=count)
        for name, count in [("windows", 2), ("linux", 0)]
    }
    transfers = [transfer("v1", "windows"), transfer("latest", "windows"), transfer("v2", "linux")]
    (found,) = foreign.check(transfers, contents)
    assert (found.rule, found.severity, found.address) == ("R-IMP-14", Severity.INFO, "imports.legacy")
    assert found.summary.endswith(": 2")
    assert list(foreign.check(transfers[2:], contents)) == []
