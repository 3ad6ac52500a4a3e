"""The report: its numbers are the statistics', outside text stays text, and nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from loopback import write_clip
from PIL import Image

from evaluate_metrics.microworldbench import published, report, stats
from evaluate_metrics.microworldbench.controls import JUDGE_CONTROLS, judge_control
from evaluate_metrics.microworldbench.figures import strip
from evaluate_metrics.microworldbench.findings import common_scores, find, met_shares, unique_names
from evaluate_metrics.microworldbench.folder import Run
from evaluate_metrics.microworldbench.report import write_report
from evaluate_metrics.microworldbench.scores import OVERALL, PARTS, task_scores
from evaluate_metrics.microworldbench.summary import unclamped
from evaluate_metrics.microworldbench.verdicts import (
    BY_DESIGN,
    CLIP_FAILURE,
    JUDGE_FAILURE,
    MET,
    UNGRADED,
    UNMET,
    MetricError,
    Verdict,
)
from evaluate_metrics.microworldbench.wording import DASH, MINUS, interval, p_text, percent, points

EVIL = "<script>alert('x')</script>"
ESCAPED = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"
LEVELS = ("organ", "cellular", "subcellular")


def row(task, phenomenon, level, edition="open"):
    criteria = [
        {
            "criterion_id": f"{task}.{d[0]}{i}", "dimension": d, "sign": 1 if i < 3 else -1,
            "weight": (1.0, 0.5, 1.0)[i - 1], "text": f"In {task} the {d} thing {i} happens.",
            "source": "Nobody 2020, J Tests 1:1." if d == "scientific" else "", "needs": "order",
            "measure": "", "review": "unreviewed",
        }
        for d in ("scientific", "visual", "instruction")
        for i in (1, 2, 3)
    ]  # fmt: skip
    return {
        "task_id": task, "edition": edition, "version": "1.0.0", "level": level,
        "phenomenon": phenomenon, "prompt": f"Cells of {task} do something.",
        "requirement": "What is to be seen.", "field_of_view_um": 10.0, "playback": 1.0,
        "source_video": "" if phenomenon else f"{task}/v", "criteria": criteria,
    }  # fmt: skip


def rows_of(phenomena=8, tasks=2):
    return [
        row(f"p{p}-{t}", f"p{p}", LEVELS[p % 3])
        for p in range(phenomena)
        for t in range(1, tasks + 1)
    ]


def graded(rows, quality, clips=2, repeats=1):
    """Positive criteria are met in `quality` of the cases, flaws are seen in the others."""
    found = []
    for r in rows:
        for k in range(clips):
            for repeat in range(repeats):
                for c in r["criteria"]:
                    seed = f"{c['criterion_id']}{k}{repeat}".encode()
                    good = hashlib.sha256(seed).digest()[0] < 256 * quality
                    met = good == (c["sign"] > 0)
                    clip = f"{r['task_id']}_{k + 1}.mp4"
                    state, grounds = MET if met else UNMET, f"Grounds of {clip}."
                    name = c["criterion_id"]
                    found.append(
                        Verdict(
                            r["task_id"], clip, name, "openai:some", repeat, state, "", "", grounds
                        )
                    )
    return found


def run_of(path, model, rows, verdicts, edition="open", **info):
    known = {
        "model": model, "edition": edition, "dataset_version": "1.0.0", "metric_version": "1.0.0",
        "judge": "openai:some", "settings": {"protocol": "joint"}, "repeats": 1, "seed": 0,
        "videos": str(path / "clips"), "finished": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    controls = {kind: judge_control(rows, kind) for kind in JUDGE_CONTROLS}
    return Run(path / model, {**known, **info}, rows, verdicts, controls)


class Page(HTMLParser):
    """Tables (caption → rows of cell texts), attributes by tag, and all that a reader sees."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.tags, self.said, self.stack = {}, [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "input"):
            self.stack.append(tag)
        if tag == "caption":
            self.caption = ""
        elif tag == "tr":
            self.rows = self.tables.setdefault(self.caption, [])
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if "caption" in self.stack:
            self.caption += data
        elif "td" in self.stack or "th" in self.stack:
            self.rows[-1][-1] += data
        if "style" not in self.stack and "script" not in self.stack:
            self.said.append(data)

    def table(self, start):
        (found,) = (rows for caption, rows in self.tables.items() if caption.startswith(start))
        return found


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """Three runs, one of them with everything that can go wrong, and their report's two texts."""
    path = tmp_path_factory.mktemp("report")
    rows = rows_of()
    rows[0]["prompt"] = f"A prompt {EVIL} | with a bar and http://evil.example/x"
    (path / "clips").mkdir()
    write_clip(path / "clips" / "p0-1_1.mp4")
    (path / "clips" / "p0-1_2.mp4").write_bytes(b"no film")
    good = graded(rows, 0.8)
    good[0] = Verdict(*list(vars(good[0]).values())[:-1], rationale=f"{EVIL}\nsecond line")
    poor = graded(rows, 0.25)
    broken = []
    for v in graded(rows, 0.9, repeats=2):
        if v.task_id == "p1-1":
            v = Verdict(v.task_id, "", v.criterion_id, v.judge, v.repeat, UNMET, CLIP_FAILURE,
                        "no clip")  # fmt: skip
        elif v.clip == "p2-1_1.mp4":
            v = Verdict(v.task_id, f"{EVIL}.mp4", v.criterion_id, v.judge, v.repeat, UNGRADED,
                        JUDGE_FAILURE, "empty answer")  # fmt: skip
        elif v.criterion_id.endswith("v2"):
            v = Verdict(v.task_id, v.clip, v.criterion_id, v.judge, v.repeat, UNGRADED,
                        BY_DESIGN, "needs dense frames")  # fmt: skip
        broken.append(v)
    runs = [
        run_of(path, "poor", rows, poor),
        run_of(path, "broken", rows, broken, repeats=2),
        run_of(path, "good", rows, good),
    ]
    paths = write_report(runs, path / "out")
    assert [p.name for p in paths] == ["report.md", "report.html"]
    assert sorted(p.name for p in (path / "out").iterdir()) == ["report.html", "report.md"]
    texts = [p.read_text(encoding="utf-8") for p in paths]
    return runs, Page(texts[1]), texts[1], texts[0]


def test_the_leaderboard_prints_the_summaries_numbers(reported) -> None:
    runs, page, _, text = reported
    summaries = {run.name: run.summary() for run in runs}
    for part in PARTS:
        shown = {cells[1]: cells for cells in page.table(f"{part.capitalize()}, in percent")[1:]
                 if len(cells) > 1}  # fmt: skip
        for name, summary in summaries.items():
            s = summary["scores"][part]
            expected = [
                points(s["published"]), interval(s["low"], s["high"]), "", points(s["unclamped"]),
                interval(s["unclamped_low"], s["unclamped_high"]), percent(s["coverage"]),
                interval(s["lower"], s["upper"]), points(s["detectable"]),
            ]  # fmt: skip
            assert shown[name][2:] == expected
            del expected[2]
            assert f"| **{name}** | {' | '.join(expected)} |" in text
    assert summaries["poor"]["scores"][OVERALL]["unclamped"] < 0
    shown = [cells[1] for cells in page.table("Overall, in percent")[1:4]]
    assert shown == sorted(shown, key=lambda n: -summaries[n]["scores"][OVERALL]["published"])


def test_controls_stand_apart_and_have_no_rank(reported) -> None:
    runs, page, html, _ = reported
    rows = page.table("Overall, in percent")
    controls = [cells for cells in rows if len(cells) > 1 and cells[1].startswith("control:")]
    named = [re.match(r"control: (.*?) \(\d+ tasks\)", cells[1])[1] for cells in controls]
    assert named == list(JUDGE_CONTROLS)  # the same for all runs, so they are there once
    assert {cells[0] for cells in controls} == {DASH}
    always = runs[0].summary()["controls"]["always met"][OVERALL]
    assert controls[0][2] == points(always["published"])
    assert html.count('<tbody class="controls">') == len(PARTS)


def test_ranks_and_differences_are_those_of_the_tests(reported) -> None:
    runs, page, _, text = reported
    found = find(runs)
    assert found.names[-1] == "poor"
    rows = page.table("Paired differences")[1:]
    assert len(rows) == 3 * len(PARTS)
    by_name = {run.name: run for run in runs}
    # Nothing is ungraded in these two, so it must be what the plain scores give.
    plain = {n: task_scores(runs[0].rows, by_name[n].verdicts) for n in ("good", "poor")}
    for part in PARTS:
        expected = stats.compare(
            runs[0].rows,
            *((n, unclamped(plain[n], part)) for n in ("good", "poor")),
        )
        (cells,) = (r for r in rows if r[0] == f"good {MINUS} poor" and r[1] == part)
        mean, low, high = (getattr(expected.difference, k) for k in ("mean", "low", "high"))
        assert cells[2:5] == [points(mean, True), interval(low, high, True), p_text(expected.p)]
        total = 144 if part == OVERALL else 48
        assert cells[6:] == [points(expected.detectable), "8", f"{total} of {total}"]
        (cells,) = (r for r in rows if r[0] == f"broken {MINUS} poor" and r[1] == part)
        lost = 0 if part in ("scientific", "instruction") else 15  # one task had no clip at all
        assert cells[8] == f"{total - lost} of {total}"
        adjusted = stats.holm([pair.parts[part].p for pair in found.pairs])
        assert [pair.parts[part].p_adjusted for pair in found.pairs] == adjusted
    ranks = {cells[1]: cells[0] for cells in page.table("Overall, in percent")[1:4]}
    assert ranks == {found.names[0]: "1=", found.names[1]: "1=", "poor": "3"}
    assert f"| 1= | **{found.names[0]}** |" in text


def test_figures_tell_their_numbers(reported) -> None:
    runs, page, _, _ = reported
    labels = [a["aria-label"] for tag, a in page.tags if tag == "svg" and a.get("role") == "img"]
    maps = [text for text in labels if "by level" in text]
    forests = [text for text in labels if text.startswith("Forest plot")]
    assert (len(maps), len(forests)) == (3, 3)
    levels = find(runs).summaries[0]["levels"]
    assert f"organ visual {points(levels['organ']['visual'])}" in maps[0]
    pair = find(runs).pairs[0]
    for name, value in pair.parts[OVERALL].by_cluster.items():
        assert f"{name} {points(value, True)}" in forests[0]


def test_outside_text_stays_text(reported) -> None:
    _, page, html, text = reported
    assert EVIL not in html and ESCAPED in html  # in prompt, rationale and clip name
    assert html.count("<script") == 1
    said = "".join(page.said)
    assert f"A prompt {EVIL} | with a bar" in said and f"{EVIL}\nsecond line" in said
    assert f"{EVIL}.mp4" in said
    assert "<script" not in text and "http://evil" not in text
    assert page.stack == []
    widths = {}
    for line in text.splitlines():
        if line.startswith("|"):
            widths.setdefault(line.startswith("|---"), []).append(
                len(re.findall(r"(?<!\\)\|", line))
            )
    assert min(widths[False]) >= 5  # no row is torn by a bar or a line break


def test_the_page_asks_the_network_for_nothing(reported) -> None:
    _, page, html, _ = reported
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "srcset", "href", "xlink:href", "action", "poster"):
            value = attributes.get(name) or "#"
            assert value[0] == "#" or value.startswith("data:image/webp;base64,")
    assert "@import" not in html and "url(" not in html
    (policy,) = (a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        inline = re.search(f"<{tag}>(.*?)</{tag}>", html, re.S)[1].encode()
        hashed = base64.b64encode(hashlib.sha256(inline).digest()).decode()
        assert f"{tag}-src 'sha256-{hashed}'" in policy


def test_frames_are_shown_where_the_file_can_be_read(reported) -> None:
    _, page, _, _ = reported
    strips = [a for tag, a in page.tags if tag == "img"]
    assert len(strips) == 3  # the one good file, once for each run
    assert all("p0-1_1.mp4" in a["alt"] for a in strips)
    picture = Image.open(io.BytesIO(base64.b64decode(strips[0]["src"].split(",")[1])))
    assert picture.format == "WEBP" and picture.size == (8 * 64 + 7 * 2, 64)
    assert (strips[0]["width"], strips[0]["height"]) == ("1052", "128")  # small ones twice as large
    levels = [picture.convert("L").getpixel((66 * i + 32, 32)) for i in range(8)]
    assert levels == sorted(levels) and levels[-1] - levels[0] > 80  # the clip brightens
    said = "".join(page.said)
    assert "p0-1_2.mp4: no frames, cannot be decoded" in said
    assert "p3-1_1.mp4: no frames, the clip's file was not found" in said


def test_strips_share_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = list(np.random.default_rng(0).integers(0, 256, (8, 160, 200, 3), np.uint8))
    large, small = strip(noise, 10**9), strip(noise, 1)
    assert len(small.data) < len(large.data) / 3
    assert (large.width, large.height) == (8 * 144 + 14, 115)
    assert (small.width, small.height) == (8 * 96 + 14, 77)
    assert 1 < len(strip(noise, len(large.data) - 1).data) < len(large.data)
    monkeypatch.setattr(report, "MOST_STRIPS", 3)
    rows = rows_of(2, 1)
    run = run_of(tmp_path, "m", rows, graded(rows, 0.5, clips=2))
    html = write_report([run], tmp_path / "out")[1].read_text(encoding="utf-8")
    for task in ("p0-1", "p1-1"):
        assert f"{task}_1.mp4: no frames, the clip&#x27;s file was not found" in html
        assert f"{task}_2.mp4: frames left out" in html


def test_a_clip_name_cannot_reach_out_of_its_folder(reported, tmp_path: Path) -> None:
    runs, *_ = reported
    rows = rows_of(2, 1)
    outside = Path(runs[0].info["videos"]) / "p0-1_1.mp4"
    (tmp_path / "inner").mkdir()
    for name in (str(outside), f"../{outside.parent.name}/p0-1_1.mp4"):
        verdicts = [Verdict(*(name if x == "p0-1_1.mp4" else x for x in vars(v).values()))
                    for v in graded(rows, 0.5, clips=1)]  # fmt: skip
        run = run_of(tmp_path, "m", rows, verdicts, videos=str(outside.parent.parent / "inner"))
        html = write_report([run], tmp_path / "out")[1].read_text(encoding="utf-8")
        assert "<img" not in html and "file was not found" in html


def test_verdicts_are_told_in_words_and_shapes(reported) -> None:
    _, page, html, _ = reported
    chips = re.findall(r'<span class="chip (\w+)">(.*?)</span>', html)
    told = {(colour, text.split(" (")[0]) for colour, text in chips}
    assert told == {
        ("good", "✓ met"),
        ("bad", "✗ unmet"),
        ("bad", "✗ met: the flaw is seen"),
        ("good", "✓ unmet: flaw not seen"),
        ("bad", "✗ unmet, clip failure: no clip"),
        ("none", "○ ungraded, judge failure: empty answer"),
        ("none", "○ ungraded, by design: needs dense frames"),
    }
    assert any(text.endswith("(1 of 2)") for _, text in chips)  # repeats that disagree
    states = {a["data-state"] for tag, a in page.tags if tag == "details" and "data-state" in a}
    assert any({"clip", "bad"} <= set(s.split()) for s in states)


def test_failures_and_flips_are_listed(reported) -> None:
    runs, page, _, text = reported
    assert page.table("Clip failures")[1:] == [["p1-1", "no clip", "no clip"]]
    assert page.table("Judge failures")[1:] == [["p2-1", f"{EVIL}.mp4", "empty answer", "18"]]
    said = "".join(page.said)
    flips = runs[1].summary()["flip_rate"]
    assert f"changed its verdict on {percent(flips)} of the criteria" in said
    assert "144 of 144 criteria were not reviewed by an expert." in said
    assert "clip failure: p1-1, no clip: no clip" in text
    assert published.SOURCE not in said


def test_the_same_runs_give_the_same_bytes(reported, tmp_path: Path) -> None:
    runs, _, html, text = reported
    again = write_report(runs[::-1], tmp_path / "again")
    assert [p.read_text(encoding="utf-8") for p in again] == [text, html]


def test_no_number_is_a_dash_that_says_why(tmp_path: Path) -> None:
    rows = rows_of(1, 1)
    nothing = [
        Verdict(v.task_id, v.clip, v.criterion_id, v.judge, 0, UNGRADED, JUDGE_FAILURE, "x\ud800")
        for v in graded(rows, 0.5)
    ]
    run = run_of(tmp_path, "m", rows, nothing)
    text, html = (p.read_text(encoding="utf-8") for p in write_report([run], tmp_path / "out"))
    cells = Page(html).table("Overall, in percent")[1]
    assert cells[0] == cells[2] == cells[3] == DASH and cells[7] == "0.0 %"
    assert 'title="no positive criterion was graded"' in html
    assert 'title="an interval needs at least two clusters"' in html
    assert not re.search(
        r"\b(nan|None|inf)\b", re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.S)
    )
    assert "nan" not in text
    assert "Differences" not in html


def test_the_published_table_is_marked_and_kept_apart(tmp_path: Path) -> None:
    rows = [row(f"{i}", "", LEVELS[i % 3], "iclr2026") for i in range(1, 5)]
    run = run_of(tmp_path, "m", rows, graded(rows, 0.5), "iclr2026")
    text, html = (p.read_text(encoding="utf-8") for p in write_report([run], tmp_path / "out"))
    page = Page(html)
    shown = page.table("Published in arXiv:2603.00585")
    assert shown[-1] == ["Veo3", "77.2", "77.5", "76.9", "78.2", "65.7", "97.0", "77.0"]
    assert len(shown) == 1 + len(published.RESULTS)
    captions = [c for c in page.tables if any("Veo3" in r for r in page.tables[c])]
    assert len(captions) == 1 and "not comparable statistically" in captions[0]
    assert "source channels" in html
    links = [a["href"] for tag, a in page.tags if tag == "a" and a["href"][0] != "#"]
    assert links == [published.LINK]
    assert "| Veo3 | 77.2 |" in text and "not comparable statistically" in text


def test_models_are_compared_on_what_was_graded_for_both() -> None:
    rows = rows_of(2, 1)
    first = [v for v in graded(rows, 1.0) if not v.criterion_id.endswith("s1")]
    second = graded(rows, 0.0)
    shares = met_shares(rows, first), met_shares(rows, second)
    assert len(shares[0]) == 16 and len(shares[1]) == 18
    a, b = common_scores(rows, *shares, "scientific")
    # Left of the dimension: a criterion of 0.5 and a penalty of 1.0.
    assert a == {"p0-1": 100.0, "p1-1": 100.0} and b == {"p0-1": -200.0, "p1-1": -200.0}
    gone = met_shares(rows, [v for v in second if v.task_id == "p0-1"])
    assert {gone["p1-1", c["criterion_id"]] for c in rows[1]["criteria"]} == {0.0}
    only_flaws = {k: v for k, v in shares[0].items() if k[1].endswith("3")}
    assert all(map(math.isnan, common_scores(rows, only_flaws, shares[1], OVERALL)[0].values()))


def test_a_judge_that_fails_on_one_clip_leaves_both_models_the_same_rubric() -> None:
    """Clip 1 of the first model lost its science: its score there comes from clip 2 alone."""
    rows = rows_of(1, 1)
    lost = [
        v for v in graded(rows, 0.0) if not (v.clip.endswith("_1.mp4") and ".s" in v.criterion_id)
    ]
    first, second = common_scores(
        rows, met_shares(rows, lost), met_shares(rows, graded(rows, 0.0)), OVERALL
    )
    assert first == second


def test_runs_that_do_not_compare_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    rows = rows_of(2, 1)
    one = run_of(tmp_path, "one", rows, graded(rows, 0.5))
    other = run_of(tmp_path, "other", rows[:1], graded(rows[:1], 0.5))
    judged = run_of(tmp_path, "judged", rows, graded(rows, 0.5), judge="human")
    for runs, said in (((one, other), "other tasks"), ((one, judged), "judge"), ((), "one run")):
        with pytest.raises(MetricError, match=said):
            write_report(runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_models_of_one_name_stay_apart(tmp_path: Path) -> None:
    rows = rows_of(2, 1)
    runs = [run_of(tmp_path / d, "same", rows, graded(rows, 0.5)) for d in "ab"]
    runs[1].path = tmp_path / "x" / "elsewhere"
    assert unique_names(runs) == ["same (same)", "same (elsewhere)"]
    assert unique_names([runs[0]] * 2) == ["same (same)", "same (same) #2"]
    assert len(find(runs).ranks[OVERALL]) == 2


def test_numbers_are_printed_as_they_are_meant() -> None:
    assert [points(v) for v in (-0.04, -12.34, 5.0, None, math.nan)] == [
        "0.0", f"{MINUS}12.3", "5.0", DASH, DASH,
    ]  # fmt: skip
    assert [points(v, True) for v in (3.14, 0.0)] == ["+3.1", "0.0"]
    assert [p_text(v) for v in (0.03449, 1.0, 2.0**-16, math.nan)] == [
        "0.034", "1.0", "0.000015", DASH,
    ]  # fmt: skip
    assert [percent(v) for v in (1.0, 0.99999, 0.0, 0.00001)] == [
        "100.0 %", "99.9 %", "0.0 %", "0.1 %",
    ]  # fmt: skip
