from __future__ import annotations

from itertools import permutations

from reconciler.model.diagnostic import Diagnostic, Severity, has_errors, in_order
from reconciler.model.place import Places, Span


def _at(line: int, address: str = "", severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic("R-TIER-1", severity, "cannot be a source", span=Span("a.yaml", line, 1), address=address)


def test_findings_are_in_the_order_of_their_places_and_told_once() -> None:
    nowhere = Diagnostic("R-SAFE-2", Severity.ERROR, "too many")
    assert in_order([_at(10), _at(9), nowhere, _at(10)]) == (nowhere, _at(9), _at(10))


def test_findings_at_one_place_have_one_order() -> None:
    same_place = [_at(1, f"replications.all[{target}]") for target in ("eu", "jp", "us")]
    assert {in_order(order) for order in permutations(same_place)} == {tuple(same_place)}


def test_only_errors_are_errors() -> None:
    assert not has_errors([_at(1, severity=Severity.WARNING), _at(1, severity=Severity.INFO)])
    assert has_errors([_at(1, severity=Severity.WARNING), _at(2)])


def test_a_field_that_was_not_written_is_at_its_resource() -> None:
    places = Places(Span("a.yaml", 3, 1), {"tags": Span("a.yaml", 5, 9)})
    assert (str(places.at("tags")), str(places.at("priority"))) == ("a.yaml:5:9", "a.yaml:3:1")
