from __future__ import annotations

import json
import subprocess
import sys

import pytest

from reconciler.acr.credentials import Credential, DefaultChain, EnvironmentKeys
from reconciler.acr.errors import CredentialsUnusable

_ASK = """
import json, sys
from reconciler.acr.credentials import DefaultChain
from reconciler.acr.errors import CredentialsMissing
try:
    found = DefaultChain().credential()
    answer = [found.access_key_id, found.access_key_secret, found.security_token]
except CredentialsMissing as error:
    answer = str(error)
print(json.dumps({"answer": answer, "loaded": "alibabacloud_credentials" in sys.modules}))
"""


def _ask(environ: dict[str, str]) -> tuple[dict[str, object], str]:
    """What a fresh process finds, as the official library reads its environment when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        env={"PYTHONPATH": ":".join(sys.path), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer, done.stderr


@pytest.mark.parametrize("token", ["", "token"])
def test_keys_in_the_environment_need_no_library(token: str) -> None:
    environ = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
        "ALIBABA_CLOUD_SECURITY_TOKEN": token,
    }
    assert _ask(environ)[0] == {"answer": ["id", "secret", token], "loaded": False}


def test_the_official_chain_finds_a_profile(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    profile = {"name": "default", "mode": "AK", "access_key_id": "from-cli", "access_key_secret": "cli-secret"}
    (home / ".aliyun").mkdir()
    (home / ".aliyun" / "config.json").write_text(json.dumps({"current": "default", "profiles": [profile]}))

    answer, _ = _ask({"HOME": str(home)})

    assert answer == {"answer": ["from-cli", "cli-secret", ""], "loaded": True}


def test_nothing_found_says_what_to_do_and_nothing_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".alibabacloud").mkdir()
    (home / ".alibabacloud" / "credentials.ini").write_text("access_key_secret = do-not-show\n")

    answer, noise = _ask({"HOME": str(home)})

    assert "set `ALIBABA_CLOUD_ACCESS_KEY_ID`" in str(answer["answer"])
    assert "do-not-show" not in str(answer["answer"]) + noise
    assert noise == ""


def test_an_id_without_a_secret_is_no_credential(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    answer, _ = _ask({"HOME": str(home), "ALIBABA_CLOUD_ACCESS_KEY_ID": "id"})
    assert str(answer["answer"]).startswith("no Alibaba Cloud credential was found")
    assert "`ALIBABA_CLOUD_ACCESS_KEY_ID` is set and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` is not" in str(answer["answer"])


def test_a_profile_that_gives_nothing_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".aliyun").mkdir()
    (home / ".aliyun" / "config.json").write_text("{broken do-not-show")
    answer, noise = _ask({"HOME": str(home)})
    assert f"`{home}/.aliyun/config.json` is there, and its current profile gives none" in str(answer["answer"])
    assert "do-not-show" not in str(answer["answer"]) + noise


def test_a_role_without_a_token_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    oidc = {"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/r", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc/p"}
    answer, _ = _ask({"HOME": str(tmp_path_factory.mktemp("home")), **oidc})
    assert "neither `ALIBABA_CLOUD_OIDC_TOKEN_FILE` nor a token of GitHub Actions" in str(answer["answer"])


@pytest.mark.parametrize("odd", ["do-not-show\n", "do-not-show\r\nX: y", "do not show", "do-not-shöw", "\ud800"])
@pytest.mark.parametrize("part", ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"])
@pytest.mark.parametrize("prefix", ["", "PROD_"])
def test_what_no_key_has_is_told_with_its_place_and_not_its_value(prefix: str, part: str, odd: str) -> None:
    names = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
    environ = {f"{prefix}ALIBABA_CLOUD_{name}": "fine" for name in names} | {f"{prefix}ALIBABA_CLOUD_{part}": odd}
    source = EnvironmentKeys(environ, prefix) if prefix else DefaultChain(environ)
    with pytest.raises(CredentialsUnusable, match=f"`{prefix}ALIBABA_CLOUD_{part}` holds ") as caught:
        source.credential()
    assert "show" not in str(caught.value)


def test_a_credential_of_any_source_has_no_line_break() -> None:
    with pytest.raises(CredentialsUnusable, match="the security token holds a line break"):
        Credential("id", "secret", "token\n")


def test_a_change_of_the_environment_is_seen() -> None:
    environ = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "one", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    chain = DefaultChain(environ)
    assert chain.credential().access_key_id == "one"
    environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "two"
    assert chain.credential().access_key_id == "two"


def test_secrets_do_not_show() -> None:
    shown = repr(Credential("id", "very-secret", "token-secret"))
    assert "id" in shown
    assert "secret" not in shown.replace("access_key_secret", "")
