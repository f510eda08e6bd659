"""A real registry as the content behind one of our addresses, spoken to over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpx

from reconciler.emulator.content import CHUNK, MANIFEST_TYPES, StoredManifest, read_manifest
from reconciler.model.image import Descriptor, Digest, parse_digest

_ACCEPT = {"Accept": ", ".join(MANIFEST_TYPES)}


class RemoteRegistry:
    """Implements `Content`; `url` is `http[s]://[user:password@]host[:port]`. HTTP failures raise httpx.HTTPError."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the address of a registry: {parts.hostname or url.rpartition('@')[2]}")
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        self.base = f"{parts.scheme}://{host}"
        login = (parts.username, parts.password or "") if parts.username else None
        # trust_env is off because a proxy from the environment would be asked for loopback addresses, too.
        self.client = httpx.AsyncClient(
            base_url=self.base,
            auth=login,
            timeout=httpx.Timeout(60.0),
            trust_env=False,
            limits=httpx.Limits(max_connections=64),
        )

    async def __aenter__(self) -> RemoteRegistry:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def repositories(self) -> Sequence[str]:
        return await self._listing("/v2/_catalog?n=1000", "repositories")

    async def tags(self, repository: str) -> Sequence[str]:
        return sorted(await self._listing(f"/v2/{repository}/tags/list?n=1000", "tags"))

    async def resolve(self, repository: str, reference: str) -> Digest | None:
        answer = await self.client.head(f"/v2/{repository}/manifests/{reference}", headers=_ACCEPT)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        return parse_digest(answer.headers["docker-content-digest"])

    async def manifest(self, repository: str, reference: str) -> StoredManifest:
        answer = await self.client.get(f"/v2/{repository}/manifests/{reference}", headers=_ACCEPT)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise KeyError(reference)
        answer.raise_for_status()
        return read_manifest(answer.content, answer.headers.get("content-type", ""))

    async def has_blob(self, repository: str, digest: Digest) -> bool:
        answer = await self.client.head(f"/v2/{repository}/blobs/{digest}", follow_redirects=True)
        return answer.is_success

    async def read_blob(self, repository: str, digest: Digest) -> AsyncIterator[bytes]:
        # httpx drops the login when a redirect leads to another host.
        async with self.client.stream("GET", f"/v2/{repository}/blobs/{digest}", follow_redirects=True) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise KeyError(digest)
            answer.raise_for_status()
            async for chunk in answer.aiter_raw(CHUNK):
                yield chunk

    async def write_blob(self, repository: str, blob: Descriptor, chunks: AsyncIterator[bytes]) -> None:
        start = await self.client.post(f"/v2/{repository}/blobs/uploads/")
        start.raise_for_status()
        location = httpx.URL(urljoin(f"{self.base}/", start.headers["location"]))
        end = await self.client.put(
            location.copy_merge_params({"digest": blob.digest}),
            content=chunks,
            headers={"Content-Length": str(blob.size), "Content-Type": "application/octet-stream"},
        )
        if end.status_code == httpx.codes.BAD_REQUEST:
            raise ValueError(f"content does not have the digest: {blob.digest}")
        end.raise_for_status()

    async def write_manifest(self, repository: str, manifest: StoredManifest, tag: str | None) -> None:
        answer = await self.client.put(
            f"/v2/{repository}/manifests/{tag or manifest.digest}",
            content=manifest.data,
            headers={"Content-Type": manifest.media_type},
        )
        answer.raise_for_status()

    async def delete_tag(self, repository: str, tag: str) -> None:
        """docker/distribution 2 cannot delete a tag alone and answers with an error."""
        (await self.client.delete(f"/v2/{repository}/manifests/{tag}")).raise_for_status()

    async def delete_repository(self, repository: str) -> None:
        """Removes every manifest that a tag names; the protocol knows no deletion of a repository."""
        digests = {await self.resolve(repository, tag) for tag in await self.tags(repository)} - {None}
        for digest in digests:
            (await self.client.delete(f"/v2/{repository}/manifests/{digest}")).raise_for_status()

    async def _listing(self, path: str, key: str) -> list[str]:
        found: list[str] = []
        following: str | None = path
        while following is not None:
            answer = await self.client.get(following)
            if answer.status_code == httpx.codes.NOT_FOUND:
                return found
            answer.raise_for_status()
            document = answer.json()
            names = document.get(key) if isinstance(document, Mapping) else None
            found.extend(str(name) for name in names or [])
            link = answer.links.get("next", {}).get("url")
            following = urljoin(f"{self.base}/", link) if link else None
        return found
