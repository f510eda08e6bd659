"""The content of a registry in memory. It takes nothing that is wrong, and notes every attempt to give it such."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from reconciler.model.image import Digest
from reconciler.oci.manifest import OCI_MANIFEST, digest_bytes


@dataclass
class Session:
    repository: str
    content: bytearray = field(default_factory=bytearray)


@dataclass
class Stored:
    media_type: str
    raw: bytes


class Store:
    """Thread-safe. `violations` are things that a right client never does."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.blobs: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.manifests: defaultdict[str, dict[str, Stored]] = defaultdict(dict)
        self.tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.sessions: dict[str, Session] = {}
        self.violations: list[str] = []
        self.wrong_bytes: list[str] = []
        """Digests that an upload was completed with and did not have."""
        self.confirmed: Counter[tuple[str, str]] = Counter()
        """How often the client was told that a blob is complete, by repository and digest."""
        self.payload: Counter[str] = Counter()
        """Bytes of bodies that arrived for each upload session."""

    def start(self, repository: str) -> str:
        with self.lock:
            name = uuid.uuid4().hex
            self.sessions[name] = Session(repository)
            return name

    def append(self, name: str, content: bytes) -> None:
        with self.lock:
            self.sessions[name].content += content

    def commit(self, name: str, digest: str) -> bool:
        """Whether the session's bytes are that blob; the session is over either way."""
        with self.lock:
            session = self.sessions.pop(name)
            if digest_bytes(bytes(session.content)) != digest:
                self.wrong_bytes.append(digest)
                return False
            self.blobs[session.repository][digest] = bytes(session.content)
            return True

    def forget(self, repository: str, digest: str) -> None:
        with self.lock:
            if self.blobs[repository].pop(digest, None) is not None:
                self.confirmed.pop((repository, digest), None)

    def lacking(self, repository: str, raw: bytes) -> list[str]:
        """Digests that a manifest needs and `repository` does not have."""
        document = json.loads(raw)
        blobs = [*document.get("layers", []), *([document["config"]] if "config" in document else [])]
        with self.lock:
            missing = [blob["digest"] for blob in blobs if blob["digest"] not in self.blobs[repository]]
            children = document.get("manifests", [])
            return missing + [c["digest"] for c in children if c["digest"] not in self.manifests[repository]]

    def put(self, repository: str, reference: str, media_type: str, raw: bytes) -> Digest:
        digest = digest_bytes(raw)
        with self.lock:
            self.manifests[repository][digest] = Stored(media_type, raw)
            if ":" not in reference:
                self.tags[repository][reference] = digest
        return digest

    def manifest(self, repository: str, reference: str) -> Stored | None:
        with self.lock:
            return self.manifests[repository].get(self.tags[repository].get(reference, reference))

    def image(self, repository: str, tag: str, *layers: bytes) -> Digest:
        """Paint an image; white space on purpose, so that a manifest that is written anew has another digest."""
        config = json.dumps({"os": "linux", "architecture": "amd64", "of": tag}).encode()
        parts = []
        for content in (config, *layers):
            digest = digest_bytes(content)
            self.blobs[repository][digest] = content
            parts.append({"mediaType": "application/octet-stream", "digest": digest, "size": len(content)})
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts[0], "layers": parts[1:]}
        return self.put(repository, tag, OCI_MANIFEST, json.dumps(document, indent=3).encode())
