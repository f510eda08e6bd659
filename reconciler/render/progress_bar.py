"""Progress as text: a frame that is painted over again and again, or one plain line now and then."""

from __future__ import annotations

from reconciler.model.image import RepositoryName
from reconciler.render import units
from reconciler.render.progress import Progress, RepositoryProgress, ServiceProgress
from reconciler.render.style import Style, Tone, cells, visible

ROWS = 8
"""Repositories shown at a time; a frame that is higher than the terminal cannot be painted over."""

_STEPS_SHOWN = 3


def frame(progress: Progress, now: float, style: Style, rows: int = ROWS) -> str:
    """Lines of at most `style.width` cells, each ended by a newline."""
    busy = _busiest(progress, rows)
    lines = [_bar_line(name, row, style) for name, row in busy]
    hidden = [row for name, row in progress.repositories.items() if name not in {shown for shown, _ in busy}]
    if hidden:
        done = sum(row.finished for row in hidden)
        more = f"{units.count(len(hidden), 'more repository', 'more repositories')}, {units.count(done)} finished"
        lines.append(style.paint(style.clip(f"and {more}", style.width), Tone.FAINT))
    if progress.repositories:
        lines.append(style.paint(style.clip(_figures(progress, now), style.width), Tone.STRONG))
    told = (_by_service(progress.by_service), _trouble(progress, now), _steps(progress, now))
    lines += [style.clip(text, style.width) for text in told if text]
    return "".join(text + "\n" for text in lines)


def line(progress: Progress, now: float) -> str:
    """Everything in one line without its newline, for output that nobody paints over."""
    parts = [
        _figures(progress, now) if progress.repositories else "",
        _by_service(progress.by_service),
        _trouble(progress, now),
        _steps(progress, now),
    ]
    return "; ".join(part for part in parts if part)


def _busiest(progress: Progress, rows: int) -> list[tuple[RepositoryName, RepositoryProgress]]:
    """Those at work, then those that wait, then the finished; each by name, so that rows do not jump about."""
    ordered = sorted(progress.repositories.items(), key=lambda item: (item[1].finished, not item[1].begun, item[0]))
    return sorted(ordered[:rows], key=lambda item: item[0])


def _bar_line(name: RepositoryName, row: RepositoryProgress, style: Style) -> str:
    moved = f"{units.size(row.done_bytes)} of {units.size(row.bytes)}"
    images = f"{units.count(row.images_done)}/{units.count(row.images)} images"
    tail = f"  {images:>14}  {moved}"
    label_width = max(style.width // 3, 10)
    bar_width = max(min(style.width - label_width - 2 - max(cells(tail), 42), 40), 0)
    if label_width + bar_width + cells(tail) + 2 > style.width:
        return style.clip(f"{visible(name.path)}{tail}", style.width)
    label = style.clip(visible(name.path), label_width)
    share = row.done_bytes / row.bytes if row.bytes else row.images_done / row.images if row.images else 1.0
    full = int(bar_width * min(share, 1.0))
    done, rest = ("█", "░") if style.unicode else ("#", ".")
    bar = style.paint(done * full, Tone.TRANSFER) + style.paint(rest * (bar_width - full), Tone.FAINT)
    return f"{label}{' ' * (label_width - cells(label))}  {bar}{tail}"


def _figures(progress: Progress, now: float) -> str:
    counts = ((progress.images_failed, "failed"), (progress.images_skipped, "skipped"))
    told = ", ".join(f"{units.count(number)} {what}" for number, what in counts if number)
    ended = f" ({told})" if told else ""
    left = progress.seconds_left(now)
    parts = [
        f"{units.count(progress.images_done)}/{units.count(progress.images)} images{ended}",
        f"{units.size(progress.done_bytes)} of {units.size(progress.bytes)}",
        f"{units.rate(round(progress.rate_now(now)), 1)} now",
        f"{units.rate(round(progress.rate_average(now)), 1)} average",
    ]
    if left is not None and progress.images_done < progress.images:
        parts.append(f"{units.duration(left)} left")
    if progress.mounted:
        parts.append(f"{units.size(progress.mounted)} mounted")
    return ", ".join(parts)


def _by_service(progress: ServiceProgress) -> str:
    if not progress.images:
        return ""
    failed = f" ({units.count(progress.failed)} failed)" if progress.failed else ""
    copied = sum(progress.synced.values())
    by_tasks = f", {units.size(copied)} copied by its tasks" if copied else ""
    return f"{units.count(progress.done)}/{units.count(progress.images)} images by the service{failed}{by_tasks}"


def _trouble(progress: Progress, now: float) -> str:
    parts = []
    if progress.retries:
        parts.append(units.count(progress.retries, "retry", "retries"))
    if progress.throttled:
        waiting = progress.held_until - now
        until = f" (waiting {units.duration(waiting)})" if waiting > 0 else ""
        parts.append(f"throttled {units.count(progress.throttled, 'time')}{until}")
    return ", ".join(parts)


def _steps(progress: Progress, now: float) -> str:
    if not progress.steps:
        return ""
    failed = f" ({units.count(progress.steps_failed)} failed)" if progress.steps_failed else ""
    text = f"{units.count(progress.steps_done)}/{units.count(progress.steps)} steps{failed}"
    longest = sorted(progress.running.items(), key=lambda item: (item[1], str(item[0])))
    names = [f"{visible(str(address))} {units.duration(now - since)}" for address, since in longest[:_STEPS_SHOWN]]
    if len(longest) > _STEPS_SHOWN:
        names.append(units.count(len(longest) - _STEPS_SHOWN, "other"))
    return f"{text}: {', '.join(names)}" if names else text
