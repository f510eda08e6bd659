"""Lists that a registry gives in pages."""

from __future__ import annotations

import json
import re
from urllib.parse import urljoin, urlsplit

from reconciler.oci.answer import Answer
from reconciler.oci.errors import RegistryUnreachable

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next\b')


def next_page(where: str, answer: Answer) -> str:
    """Path of the page after `where`, from the Link header (RFC 8288); empty after the last one.

    A link to another host is followed on our own: pages of another host are not a registry's to give.
    """
    link = _NEXT.search(answer.header("link"))
    if link is None:
        return ""
    url = urlsplit(urljoin(where, link.group(1)))
    return f"{url.path}?{url.query}" if url.query else url.path


def names(host: str, body: bytes, field: str) -> list[str]:
    """The names of one page, `tags` or `repositories`. Raises RegistryUnreachable when it is cut off."""
    try:
        document: object = json.loads(body)
    except ValueError as error:
        raise RegistryUnreachable(host, f"list of {field} is no whole JSON") from error
    found = document.get(field) if isinstance(document, dict) else None
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
