from __future__ import annotations

import pytest

from reconciler.oci.credential import Credential
from reconciler.oci.errors import RegistryDenied
from reconciler.oci.login import Login

OLD, NEW = Login("user", "old-secret"), Login("user", "new-secret")


class Source:
    """Gives `login`, and counts how often it was asked."""

    def __init__(self, login: Login | None) -> None:
        self.login = login
        self.asked = 0

    def __call__(self, _: str) -> Login | None:
        self.asked += 1
        return self.login


def credential(source: Source) -> Credential:
    return Credential("r.example", source, lambda: 1000.0)


def test_it_is_asked_for_once() -> None:
    source = Source(OLD)
    kept = credential(source)
    assert (kept.login(), kept.login(), kept.anonymous) == (OLD, OLD, False)
    assert source.asked == 1


def test_nobody_is_anonymous() -> None:
    kept = credential(Source(None))
    assert kept.login() is None
    assert kept.anonymous


def test_a_refused_login_is_not_given_again() -> None:
    kept = credential(Source(OLD))
    assert kept.login() == OLD
    assert not kept.refused(OLD)
    with pytest.raises(RegistryDenied, match="user `user` was refused before") as caught:
        kept.login()
    assert "old-secret" not in str(caught.value)
    assert not kept.anonymous


def test_a_login_that_was_renewed_meanwhile_is_tried() -> None:
    source = Source(OLD)
    kept = credential(source)
    kept.login()
    source.login = NEW
    assert kept.refused(OLD)
    assert kept.login() == NEW
    # Another thread met the old one's refusal later.
    assert kept.refused(OLD)
    assert kept.login() == NEW


def test_a_login_that_worked_elsewhere_stays() -> None:
    kept = credential(Source(OLD))
    kept.login()
    kept.accepted()
    assert not kept.refused(OLD)
    assert kept.login() == OLD
