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


def tag_names(host: str, body: bytes) -> list[str]:
    """The tags of one page. Raises RegistryUnreachable when it is cut off."""
    try:
        document: object = json.loads(body)
    except ValueError as error:
        raise RegistryUnreachable(host, "list of tags is no whole JSON") from error
    tags = document.get("tags") if isinstance(document, dict) else None
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
