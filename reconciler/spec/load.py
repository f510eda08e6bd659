"""Files -> desired state: the one door into this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic, has_errors, in_order
from reconciler.model.image import Digest
from reconciler.model.json_value import digest_of
from reconciler.model.place import Span
from reconciler.model.spec import Desired
from reconciler.spec import conformance, loader
from reconciler.spec.build import build
from reconciler.spec.files import Texts, line_of, read_paths
from reconciler.spec.merge import merge
from reconciler.spec.problem import error

NOTHING_DECLARED = "R-SPEC-24"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that the files say. With an error among the diagnostics, `desired` holds what could be understood.

    `digest` is of the data: file names, order of files and keys, comments and spelling do not matter.
    """

    desired: Desired
    diagnostics: tuple[Diagnostic, ...]
    digest: Digest
    files: tuple[str, ...]
    texts: Mapping[str, str] = field(repr=False, compare=False)

    def source_line(self, span: Span) -> str | None:
        """The line that a diagnostic points at, without its end."""
        text = self.texts.get(span.file)
        return None if text is None else line_of(text, span.line)


def load(paths: Sequence[Path | str], *, environment: Mapping[str, str], seed: bool = False) -> Loaded:
    """Reads files and folders (none: the current folder). Never raises for what is in them: see the diagnostics.

    `environment` is what `${ENV:NAME}` takes values from. `seed` allows the keys `personal` and `images`.
    """
    return load_texts(read_paths(paths), environment=environment, seed=seed)


def load_texts(texts: Texts, *, environment: Mapping[str, str], seed: bool = False) -> Loaded:
    """`load` for texts that are in memory already."""
    streams = [loader.read(source.text, source.name, environment) for source in texts.sources]
    # In the order of their places, so that the order of PATHs does not matter even where declarations collide.
    merged = merge(sorted((document for stream in streams for document in stream.documents), key=lambda d: d.span))
    data = conformance.data_of(merged.root)
    complete = texts.complete and all(stream.complete for stream in streams)
    built = build(merged.root, data, complete=complete, seed=seed)
    found = [*texts.diagnostics, *merged.diagnostics, *built.diagnostics]
    for stream in streams:
        found.extend(stream.diagnostics)
    if texts.sources and not (seed or built.desired.declares or has_errors(found)):
        found.append(_nothing(texts))
    return Loaded(
        built.desired,
        in_order(found),
        digest_of(data),
        tuple(source.name for source in texts.sources),
        {source.name: source.text for source in texts.sources},
    )


def _nothing(texts: Texts) -> Diagnostic:
    """An empty spec is as declared whatever is live, so a text that came out empty by mistake must not pass."""
    names = sorted(source.name for source in texts.sources)
    return error(
        NOTHING_DECLARED,
        f"nothing is declared in: {', '.join(names[:3])}{', …' if len(names) > 3 else ''}",
        Span(names[0], 1, 1),
        "declare at least one instance under `instances`, or name another path",
    )
