"""Specs as text, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from reconciler.spec.files import SourceText, Texts
from reconciler.spec.load import Loaded, load_texts


@pytest.fixture
def spec() -> Callable[..., Loaded]:
    """Loads texts as the files `1.yaml`, `2.yaml`, …; `version: 1` is line 1 of each."""

    def load(*texts: str, environment: Mapping[str, str] | None = None, seed: bool = False) -> Loaded:
        sources = tuple(SourceText(f"{n}.yaml", "version: 1\n" + dedent(text)) for n, text in enumerate(texts, 1))
        return load_texts(Texts(sources, ()), environment=environment or {}, seed=seed)

    return load
