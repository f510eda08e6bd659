from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.emulator.refusal import Refused
from reconciler.emulator.temporary_keys import TemporaryKeys

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_key_is_good_with_its_token_until_it_ends() -> None:
    keys = TemporaryKeys()
    made = keys.issue(900, NOW)
    assert keys.secret(made.key_id, made.token, NOW) == made.secret
    assert keys.secret("STS.unknown", made.token, NOW) is None
    with pytest.raises(Refused, match=r"InvalidSecurityToken\.Malformed"):
        keys.secret(made.key_id, "another", NOW)
    with pytest.raises(Refused, match=r"InvalidSecurityToken\.Expired"):
        keys.secret(made.key_id, made.token, NOW + timedelta(seconds=900))
    assert made.secret not in repr(made)
    assert made.token not in repr(keys)
