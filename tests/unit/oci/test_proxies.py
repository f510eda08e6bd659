from __future__ import annotations

import base64

import pytest

from reconciler.oci.channel import Proxy
from reconciler.oci.connection import Origin
from reconciler.oci.proxies import Proxies, ProxyUnusable

HTTPS, HTTP = Origin("https", "r.example.com"), Origin("http", "r.example.com:5000")


def test_each_scheme_has_its_own() -> None:
    proxies = Proxies({"HTTPS_PROXY": "http://one:3128", "http_proxy": "two"})
    assert proxies.of(HTTPS) == Proxy("one", 3128)
    assert proxies.of(HTTP) == Proxy("two", 80)
    assert Proxies({}).of(HTTPS) is None
    assert Proxies({"https_proxy": "lower:1", "HTTPS_PROXY": "upper:2"}).of(HTTPS) == Proxy("lower", 1)


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
def test_this_machine_is_never_behind_one(host: str) -> None:
    assert Proxies({"HTTPS_PROXY": "socks5://x"}).of(Origin("https", host)) is None


def test_a_proxy_has_a_login_of_its_own() -> None:
    proxy = Proxies({"HTTPS_PROXY": "http://us%40er:pa%3Ass@one:3128"}).of(HTTPS)
    assert proxy is not None
    assert proxy.authorization is not None
    assert base64.b64decode(proxy.authorization.split()[1]) == b"us@er:pa:ss"
    assert "Basic" not in repr(proxy)


@pytest.mark.parametrize(
    ("exceptions", "host", "direct"),
    [
        ("*", "r.example.com", True),
        ("example.com", "r.example.com", True),
        (".example.com", "r.example.com", True),
        ("*.example.com", "r.example.com:5000", True),
        ("example.com", "badexample.com", False),
        ("other.com, r.example.com:5000", "r.example.com:5000", True),
        ("r.example.com:5000", "r.example.com", False),
        ("r.example.com:443", "r.example.com", True),
        ("10.0.0.0/8", "10.1.2.3:5000", True),
        ("10.0.0.0/8", "11.1.2.3:5000", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("2001:db8::/32", "[2001:db8::1]:5000", True),
        ("", "r.example.com", False),
        (" , ", "r.example.com", False),
    ],
)
def test_exceptions(exceptions: str, host: str, direct: bool) -> None:
    proxies = Proxies({"HTTPS_PROXY": "http://one:3128", "NO_PROXY": exceptions})
    assert (proxies.of(Origin("https", host)) is None) == direct


@pytest.mark.parametrize("address", ["socks5://user:hunter2@x:1", "https://user:hunter2@x", "http://", "http://x:port"])
def test_what_cannot_be_followed_is_told_without_its_login(address: str) -> None:
    with pytest.raises(ProxyUnusable, match="HTTPS_PROXY") as caught:
        Proxies({"HTTPS_PROXY": address}).of(HTTPS)
    assert "hunter2" not in str(caught.value)
