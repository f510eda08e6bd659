"""What can go wrong with a registry.

RegistryError                    anything below
├── RegistryUnreachable          no connection, time-out, cut in the middle; worth another try
├── RegistryBusy                 429 or 5xx; worth another try after `retry_after` seconds
│   └── UploadLost               the upload session is gone; a new one may do
├── RegistryDenied               401 or 403 with our best credential; another try will not help
│   └── LoginRefused             no login was to be had, so nothing there will be given
├── NotFound                     404: repository, manifest or blob
├── ManifestBlobUnknown          the target lacks content that the manifest needs; send it, then try again
├── WriteRefused                 a request that would write in a run that only reads; never sent
├── DigestMismatch               bytes that do not have the digest that they were asked for by
└── RegistryRefused              any other 4xx; another try will not help
    ├── ConnectionUnusable       settings or certificates keep a connection from coming about; the message says which
    ├── TooLarge                 413: the same in smaller pieces may do
    └── NotSupported             the registry does not know this way of asking (405, 411, 415, 501)
"""

from __future__ import annotations


class RegistryError(Exception):
    """`host` is the registry; `transient` says whether the same request may succeed later; `spent`, that it was tried
    again as often as it is worth for now."""

    transient = False

    def __init__(self, host: str, message: str) -> None:
        super().__init__(f"{host}: {message}")
        self.host = host
        self.message = message
        self.spent = False


class RegistryUnreachable(RegistryError):
    transient = True


class RegistryBusy(RegistryError):
    transient = True

    def __init__(self, host: str, message: str, retry_after: float | None = None, *, throttled: bool = False) -> None:
        super().__init__(host, message)
        self.retry_after = retry_after
        self.throttled = throttled


class UploadLost(RegistryBusy):
    pass


class RegistryDenied(RegistryError):
    pass


class LoginRefused(RegistryDenied):
    pass


class NotFound(RegistryError):
    pass


class ManifestBlobUnknown(RegistryError):
    pass


class WriteRefused(RegistryError):
    pass


class DigestMismatch(RegistryError):
    transient = True


class RegistryRefused(RegistryError):
    pass


class ConnectionUnusable(RegistryRefused):
    pass


class TooLarge(RegistryRefused):
    pass


class NotSupported(RegistryRefused):
    pass
