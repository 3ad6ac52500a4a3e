"""The page of `microsim audit`: one self-contained HTML file, everything from outside escaped."""

from __future__ import annotations

from html import escape

from .audit import Match

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --bad: #c0392b; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { background: var(--soft); padding: .05rem .3rem; border-radius: .2rem; }
figure { margin: 1.2rem 0; } figcaption { font-size: .9rem; }
figure img { max-width: 100%; display: block; margin: .2rem 0; border-radius: .2rem; }
.count { font-size: 2.2rem; font-weight: 600; } .some { color: var(--bad); }
.scroll { overflow-x: auto; }
"""


def page(
    train: str,
    train_clips: int,
    bench: str,
    bench_clips: int,
    matches: list[Match],
    pictures: dict[int, tuple[str, str]],
) -> str:
    """The report; `pictures` maps a match's place to the strips of its two clips (data URIs)."""
    duplicates = [match for match in matches if match.duplicate]
    gone = len({match.train for match in duplicates})
    alike = [match for match in matches if not match.duplicate]
    figures = "\n".join(
        f"<figure><figcaption>{_pair(matches[number])}: {escape(matches[number].reason)}"
        f'</figcaption><img src="{one}" alt="training clip"><img src="{other}" '
        f'alt="benchmark clip"></figure>'
        for number, (one, other) in pictures.items()
    )
    shown = f"<h2>Side by side</h2>\n<p>Training clip above, benchmark clip below.</p>\n{figures}"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Contamination audit</title>
<style>{_STYLE}</style>
<h1>Contamination audit</h1>
<p><span class="count{" some" if gone else ""}">{gone}</span> of {train_clips} clips of
<code>{escape(train)}</code> are in <code>{escape(bench)}</code> ({bench_clips} clips or tasks).</p>
<p>A duplicate names the same source, shows the same frames (re-encoded, resized, trimmed or
mirrored; compared by perceptual hashes and thumbnails over time), or, where one of the two has no
video, says nearly the same words. The list with every figure, and the names of the clips that are
left, lie beside this page as JSON.</p>
<h2>Duplicates</h2>
{_table(duplicates) if duplicates else "<p>None found.</p>"}
{shown if pictures else ""}
<h2>Alike in words only</h2>
<p>Kept: their frames differ.</p>
{_table(alike) if alike else "<p>None found.</p>"}
</html>
"""


def _pair(match: Match) -> str:
    return f"<code>{escape(match.train)}</code> and <code>{escape(match.bench)}</code>"


def _table(matches: list[Match]) -> str:
    rows = "\n".join(
        f"<tr><td><code>{escape(m.train)}</code></td><td><code>{escape(m.bench)}</code></td>"
        f"<td>{escape(m.reason)}</td>"
        + "".join(f'<td class="number">{cell}</td>' for cell in _cells(m))
        + "</tr>"
        for m in matches
    )
    head = "".join(
        f"<th>{name}</th>"
        for name in ("training clip", "benchmark", "same", "picture", "motion", "tone", "words")
    )
    return f'<div class="scroll"><table><tr>{head}</tr>\n{rows}</table></div>'


def _cells(match: Match) -> list[str]:
    alike = [f"{value:.2f}" for value in match.alike] if match.alike else ["", "", ""]
    return [*alike, f"{match.words:.2f}" if match.words else ""]
