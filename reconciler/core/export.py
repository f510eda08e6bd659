"""From the live state to the declarations that it would take: what an account looks like as a spec.

What cannot be declared is left out with a comment, so that nothing is lost without a word.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.core.exported_rules import Naming, described_rules, settings_of
from reconciler.model.build import BuildRule, LiveBuilds
from reconciler.model.document import Document, Path
from reconciler.model.json_value import Json
from reconciler.model.live import (
    RUNNING,
    Cause,
    Live,
    LiveEndpoint,
    LiveInstance,
    LiveNamespace,
    LiveRepository,
    LiveVpcLink,
)

_TOP = (
    "Written by `reconciler export`. Two things have no API and are not in here: whether an instance answers to the",
    "domain name of Personal Edition (`personal_domain`), and which source-code platforms are bound to it.",
)
_SUMMARY_LIMIT = 100
_TAG = re.compile(r"(?!acs:|aliyun)(?!.*https?://).{1,128}")
"""What a spec takes for the key or the value of a tag."""


@dataclass(slots=True)
class _Page:
    """A document on the way."""

    data: dict[str, Json] = field(default_factory=dict)
    comments: dict[Path, list[str]] = field(default_factory=dict)

    def note(self, path: Path, text: str) -> None:
        self.comments.setdefault(path, []).append(text)


def export(live: Live, wanted: Callable[[LiveInstance], bool] = lambda _: True) -> Document:
    """The instances that are `wanted`, with all that is in them. Instances that their rules replicate to are declared
    as far as the rules need it."""
    chosen = [instance for instance in sorted(live.instances, key=lambda i: i.id) if wanted(instance)]
    # What rules reach in another account cannot be compared, only named.
    foreign = {rule.target_instance for i in live.instances for rule in i.sync_rules if rule.cross_account}
    running = [instance for instance in chosen if instance.status == RUNNING and instance.id not in foreign]
    names = Naming.of(live)
    page = _Page()
    page.comments[()] = list(_TOP)
    for instance in chosen:
        if instance.status != RUNNING:
            page.note((), f"left out: instance `{instance.name}` ({instance.id}, {instance.region}): {instance.status}")
    rules = described_rules(running, names)
    for text in rules.notes:
        page.note((), text)
    instances: dict[str, Json] = {}
    for instance in sorted(running, key=lambda i: names.key(i.id)):
        key = names.key(instance.id)
        instances[key] = {**_identity(instance, key, live), **_content(instance, ("instances", key), page)}
    for key, partner in sorted(rules.partners.items()):
        instances[key] = partner
        page.note(("instances", key), "named as a target of replications alone")
    page.data["version"] = 1
    settings = settings_of(rules)
    if settings:
        page.data["settings"] = settings
    page.data["instances"] = dict(sorted(instances.items()))
    vpcs = _vpcs(running, names, page)
    if vpcs:
        page.data["vpcs"] = vpcs
    if rules.entries:
        page.data["replications"] = rules.entries
        for path, texts in rules.comments.items():
            page.comments.setdefault(path, []).extend(texts)
    return Document(page.data, {path: tuple(texts) for path, texts in page.comments.items()})


def _identity(instance: LiveInstance, key: str, live: Live) -> dict[str, Json]:
    """By name where that is enough to find it, else by id."""
    found: dict[str, Json] = {"region": instance.region}
    namesakes = Counter((other.name, other.region) for other in live.instances)
    if namesakes[instance.name, instance.region] > 1 or not Naming.is_name(instance.name):
        found["id"] = instance.id
    elif key != instance.name:
        found["name"] = instance.name
    if instance.edition is not None:
        found["edition"] = instance.edition.value
    return found


def _content(instance: LiveInstance, path: Path, page: _Page) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if instance.resource_group:
        found["resource_group"] = instance.resource_group
    tags = _tags(instance, path, page)
    if tags:
        found["tags"] = tags
    if instance.endpoint is not None:
        found["endpoints"] = {"internet": _endpoint(instance.endpoint, (*path, "endpoints", "internet"), page)}
    namespaces = {n.name: _namespace(n) for n in sorted(instance.namespaces, key=lambda n: n.name)}
    if namespaces:
        found["namespaces"] = namespaces
    repositories = {
        r.name: _repository(r, (*path, "repositories", r.name), page)
        for r in sorted(instance.repositories, key=lambda r: r.name)
        if not _deleted(r, path, page)
    }
    if repositories:
        found["repositories"] = repositories
    return found


def _tags(instance: LiveInstance, path: Path, page: _Page) -> dict[str, Json]:
    """All or none: what is declared is all that an instance may have."""
    if all(_TAG.fullmatch(text) and _writable(text) for item in instance.tags.items() for text in item if text):
        return dict(sorted(instance.tags.items()))
    page.note(path, f"left out: its tags, as one of them cannot be written: {_list(instance.tags)}")
    return {}


def _endpoint(endpoint: LiveEndpoint, path: Path, page: _Page) -> dict[str, Json]:
    if not endpoint.enabled:
        return {"enabled": False}
    if not endpoint.allow:
        page.note(path, "open to everybody: its access list has no entry")
        return {"enabled": True}
    odd = [e.cidr for e in endpoint.allow if not _is_network(e.cidr) or not _writable(e.comment)]
    if odd:
        page.note(path, f"left out: its access list, as entries of it cannot be written: {_list(odd)}")
        return {"enabled": True}
    allow = [{"cidr": e.cidr, **({"comment": e.comment} if e.comment else {})} for e in sorted(endpoint.allow)]
    return {"enabled": True, "allow": list[Json](allow)}


def _namespace(namespace: LiveNamespace) -> dict[str, Json]:
    found: dict[str, Json] = {"auto_create": namespace.auto_create, "visibility": namespace.visibility.value}
    if namespace.tag_immutability:
        found["tag_immutability"] = True
    if namespace.image_index_only:
        found["image_index_only"] = True
    return found


def _repository(repository: LiveRepository, path: Path, page: _Page) -> dict[str, Json]:
    found: dict[str, Json] = {"visibility": repository.visibility.value}
    if len(repository.summary) > _SUMMARY_LIMIT or not _writable(repository.summary):
        page.note(path, f"left out: its summary, which cannot be written: {repository.summary[:_SUMMARY_LIMIT]}")
    elif repository.summary:
        found["summary"] = repository.summary
    if repository.tag_immutability:
        found["tag_immutability"] = True
    if repository.builds is not None:
        found |= _builds(repository.builds, path, page)
    return found


def _deleted(repository: LiveRepository, path: Path, page: _Page) -> bool:
    """Whether it was listed, and deleted before the rest of it was read."""
    gone = repository.unreadable is not None and repository.unreadable.cause is Cause.GONE
    if gone:
        page.note(path, f"left out: `{repository.name}`, which was deleted while it was read")
    return gone


def _builds(builds: LiveBuilds, path: Path, page: _Page) -> dict[str, Json]:
    found: dict[str, Json] = {}
    source = builds.source
    if source is not None and builds.source_known and _writable(source.repository):
        found["source_code"] = {
            "platform": source.platform,
            "repository": source.repository,
            "auto_build": source.auto_build,
            "overseas": source.overseas,
            "cache": source.cache,
        }
    rules = [live.rule for live in sorted(builds.rules, key=lambda live: live.rule.name)]
    texts = [text or "" for r in rules for text in (r.tag, r.branch, r.git_tag, r.dockerfile, r.context)]
    if not all(_writable(text) for text in texts):
        page.note(path, f"left out: its build rules, as one of them cannot be written: {_list(r.name for r in rules)}")
    elif rules:
        found["build_rules"] = [_build_rule(rule) for rule in rules]
    return found


def _build_rule(rule: BuildRule) -> dict[str, Json]:
    when: dict[str, Json] = {"branch": rule.branch} if rule.branch is not None else {"git_tag": rule.git_tag}
    platforms: dict[str, Json] = {"platforms": list(rule.platforms)} if rule.platforms else {}
    return {**when, "tag": rule.tag, "dockerfile": rule.dockerfile, "context": rule.context, **platforms}


def _vpcs(instances: Iterable[LiveInstance], names: Naming, page: _Page) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for instance in sorted(instances, key=lambda i: names.key(i.id)):
        key = names.key(instance.id)
        for link in sorted(instance.vpc_links, key=lambda k: (k.module, k.vpc, k.vswitch)):
            if link.status != RUNNING:
                issue = f", {link.issue}" if link.issue else ""
                told = (
                    f"left out: the link to `{link.vpc}` ({link.module}) is {link.status or 'without a status'}{issue}"
                )
                page.note(("instances", key), told)
                continue
            found[_binding_key(key, link, found)] = _binding(key, link)
    return dict(sorted(found.items()))


def _binding(key: str, link: LiveVpcLink) -> dict[str, Json]:
    module: dict[str, Json] = {} if link.module == "registry" else {"module": link.module}
    return {"instance": key, "vpc": link.vpc, "vswitch": link.vswitch, **module}


def _binding_key(key: str, link: LiveVpcLink, taken: Mapping[str, Json]) -> str:
    module = "" if link.module == "registry" else f"-{link.module}"
    for candidate in (f"{key}-{link.vpc}{module}", f"{key}-{link.vpc}-{link.vswitch}{module}"):
        if candidate not in taken:
            return candidate
    raise ValueError(f"one link is listed twice: {link}")


def _writable(text: str) -> bool:
    """Whether a spec can hold it: no control characters, and nothing that would be interpolated."""
    return "${" not in text and not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


def _is_network(cidr: str) -> bool:
    """Whether it is written as a spec demands it."""
    try:
        return str(ipaddress.ip_network(cidr)) == cidr
    except ValueError:
        return False


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
