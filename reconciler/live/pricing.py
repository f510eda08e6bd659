"""The prices of instances that may be bought and do not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.acr.bss import Bss
from reconciler.acr.errors import AcrError
from reconciler.live.listing import match
from reconciler.model.billing import Offer, Quote
from reconciler.model.live import LiveInstance
from reconciler.model.scope import InstanceScope


def missing_offers(scopes: Iterable[InstanceScope], found: Sequence[LiveInstance]) -> list[Offer]:
    """In order, each once."""
    return sorted({scope.offer for scope in scopes if scope.offer is not None and match(scope, found) is None})


def quote(bss: Bss | None, offer: Offer) -> Quote:
    """A price that cannot be read is said to be unknown: it stops no plan, since nothing is bought unasked."""
    if bss is None:
        return Quote(offer, None, "prices are not read here")
    try:
        return Quote(offer, bss.price(offer))
    except AcrError as error:
        return Quote(offer, None, _reason(error))


def _reason(error: AcrError) -> str:
    """In the service's words, without the request id, which would make every plan another one."""
    return str(error).partition(" (request id ")[0]
