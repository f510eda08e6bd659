"""The official credentials library, unmodified, against the local cloud's STS: the keys that it gets are accepted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_credentials.provider.oidc import OIDCRoleArnCredentialsProvider
from alibabacloud_credentials.provider.ram_role_arn import RamRoleArnCredentialsProvider

from reconciler.acr.cr import Cr
from reconciler.acr.credentials import Credential, StaticCredential
from reconciler.acr.endpoint import Endpoint
from reconciler.acr.transport import open_transport
from reconciler.emulator.certificate import certificate_in
from reconciler.emulator.server import LocalCloud
from reconciler.model.spec import Desired

pytestmark = pytest.mark.usefixtures("no_proxy")

ROLE = "acs:ram::1000000000000001:role/ci"
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjaSJ9.c2lnbmF0dXJl"


@pytest.fixture
def cloud(seed: Desired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """Over TLS, which the library insists on."""
    made = certificate_in(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    with LocalCloud.start(seed, certificate=made) as running:
        yield running


def host(cloud: LocalCloud) -> str:
    return cloud.endpoint.removeprefix("https://")


def accepted(cloud: LocalCloud, provider: Any) -> list[str]:
    """What a client with the provider's credential lists."""
    given = provider.get_credentials()
    key = Credential(given.get_access_key_id(), given.get_access_key_secret(), given.get_security_token())
    assert key.security_token
    transport = open_transport(Endpoint(cloud.endpoint), StaticCredential(key))
    try:
        return [instance.name for instance in Cr(transport).list_instances("cn-hangzhou")]
    finally:
        transport.close()


def test_a_role_by_an_oidc_token(cloud: LocalCloud, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    provider = OIDCRoleArnCredentialsProvider(
        role_arn=ROLE,
        oidc_provider_arn="acs:ram::1000000000000001:oidc-provider/ci",
        oidc_token_file_path=str(file),
        sts_endpoint=host(cloud),
    )
    assert accepted(cloud, provider) == ["acme-hub"]


def test_a_role_by_a_key(cloud: LocalCloud) -> None:
    key, secret = cloud.access_key
    provider = RamRoleArnCredentialsProvider(
        access_key_id=key, access_key_secret=secret, role_arn=ROLE, sts_endpoint=host(cloud)
    )
    assert accepted(cloud, provider) == ["acme-hub"]
