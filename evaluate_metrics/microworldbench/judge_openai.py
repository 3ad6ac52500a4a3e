"""The judge `openai:MODEL`: any server that speaks OpenAI's Chat Completions with images.

Key and address come from OPENAI_API_KEY and OPENAI_BASE_URL; a server that needs no key (vLLM,
`transformers serve`, Ollama) only needs the address. The official `openai` client does the
requests and repeats them after 408, 409, 429, 5xx and broken connections.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .calls import Answer, Call, Cost, Judge, JudgeStop, Opinion, Row, judge_failure
from .clips import PAPER_FRAMES, Clip
from .jpegs import LONGEST_SIDE, QUALITIES, FrameUrls, ladder, url_size
from .prompts import PROTOCOLS, Prompt, one_line, read_answer, render
from .verdicts import MET, UNMET, MetricError

SEEDS_PER_REPEAT = 100
_NO_KEY = "none"
_FRAMES = "8 frames at int(i*n/8 + n/16), JPEG {quality}, longest side {side}"
# OpenAI's rule for a picture shown in detail: so many tokens, and more for each tile of 512 px.
_IMAGE_TOKENS, _TILE_TOKENS, _TILE = 85, 170, 512
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_VERDICT = {"paper": 8, "joint": 50}


@dataclass(frozen=True, kw_only=True)
class PromptedCall(Call):
    """A call with its prompt in parts."""

    rendered: Prompt


class OpenAIJudge(Judge):
    """Shows 8 frames and asks for verdicts. `calls` needs no server; `open` does.

    `protocol`: `paper` (one call per dimension, 0/1) or `joint` (one call, reasons first).
    `temperature` or `seed` None leaves it to the server (some reasoning models refuse them).
    Repeat r and attempt a use seed + 100 r + a. `max_retries`: the client's own, per request;
    `attempts`: how often an unusable answer is asked again; `timeout` in seconds per request;
    `quality`: JPEG quality to start with. Raises MetricError for a setting out of range.
    """

    def __init__(
        self,
        model: str,
        protocol: str = "joint",
        temperature: float | None = 0.0,
        seed: int | None = 0,
        max_retries: int = 6,
        attempts: int = 3,
        timeout: float = 300.0,
        quality: int = QUALITIES[0],
    ) -> None:
        if protocol not in PROTOCOLS:
            raise MetricError(f"protocol: expected {' or '.join(PROTOCOLS)}, got {protocol!r}")
        if not model or not 1 <= quality <= 95 or attempts < 1:
            raise MetricError("judge: expected a model, a quality of 1 to 95 and attempts >= 1")
        self.model, self.protocol = model, protocol
        self.temperature, self.seed = temperature, seed
        self.max_retries, self.attempts, self.timeout = max_retries, attempts, timeout
        self._steps = ladder(quality)
        self._step = 0
        self._plain = False
        self._client: Any = None
        self._base_url = os.environ.get("OPENAI_BASE_URL") or None
        self._spec = _FRAMES.format(quality=quality, side=LONGEST_SIDE)
        self.id = f"openai:{model}"
        self.settings = {
            "protocol": protocol,
            "temperature": temperature,
            "seed": seed,
            "server": _server(self._base_url),
        }

    def declines(self, criterion: Mapping[str, Any]) -> str:
        dense = criterion.get("needs") == "dense"
        return f"needs more than the {PAPER_FRAMES} frames that this judge sees" if dense else ""

    def calls(self, row: Row, clip: Clip) -> list[Call]:
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for criterion in row["criteria"]:
            if not self.declines(criterion):
                group = criterion["dimension"] if self.protocol == "paper" else ""
                groups.setdefault(group, []).append(criterion)
        evidence = FrameUrls(clip, self._steps, lambda: self._step)
        asked: list[Call] = []
        for criteria in groups.values():
            prompt = render(row, criteria, self.protocol)
            ids = tuple(c["criterion_id"] for c in criteria)
            asked.append(
                PromptedCall(
                    row["task_id"], ids, prompt.text, self._spec, evidence, rendered=prompt
                )
            )
        return asked

    def cost(self, call: Call) -> Cost:
        _, urls = call.evidence.load()
        width, height = url_size(urls[0])
        tiles = -(-width // _TILE) * -(-height // _TILE)
        text = len(call.prompt) // _CHARACTERS_PER_TOKEN
        return Cost(
            images=len(urls),
            bytes=sum(map(len, urls)) + len(call.prompt.encode()),
            tokens_in=text + len(urls) * (_IMAGE_TOKENS + tiles * _TILE_TOKENS),
            tokens_out=len(call.criteria) * _TOKENS_PER_VERDICT[self.protocol],
        )

    async def open(self, overloaded: Callable[[float], None]) -> None:
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        key = os.environ.get("OPENAI_API_KEY") or (_NO_KEY if self._base_url else "")
        if not key:
            raise JudgeStop(
                "OPENAI_API_KEY is not set (a server that needs none wants OPENAI_BASE_URL)"
            )

        async def stamp(request: Any) -> None:
            request.extensions["sent"] = time.monotonic()

        async def watch(response: Any) -> None:
            if response.status_code in (429, 503):
                overloaded(response.request.extensions["sent"])

        hooks: dict[str, list[Callable[..., Any]]] = {"request": [stamp], "response": [watch]}
        self._client = AsyncOpenAI(
            api_key=key,
            base_url=self._base_url,
            max_retries=self.max_retries,
            timeout=self.timeout,
            http_client=DefaultAsyncHttpxClient(event_hooks=hooks),
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        self._client = None

    async def answer(self, call: Call) -> Answer:
        """Asks until every criterion has a usable verdict, at most `attempts` times.

        What an attempt answered well is kept; a later one only fills gaps. Each attempt differs
        from the one before (seed, a note, at last plain JSON instead of a schema), because at
        temperature 0 the same request would bring the same answer.
        """
        assert isinstance(call, PromptedCall)
        decided: dict[int, tuple[bool, str]] = {}
        usage = {"prompt_tokens": 0, "completion_tokens": 0}
        details: dict[str, Any] = {}
        problem, plain = "", self._plain
        for attempt in range(self.attempts):
            plain = plain or 0 < attempt == self.attempts - 1
            details |= {"attempts": attempt + 1, "seed": self._seed(call, attempt)}
            try:
                completion, plain = await self._complete(call, attempt, plain, details)
            except _NoAnswer as error:
                problem = str(error)
                break
            content = _content(completion, usage, details)
            read, problem = read_answer(content, len(call.criteria), self.protocol)
            decided = read | decided
            if len(decided) == len(call.criteria):
                break
            # Some servers return nothing when a schema is asked of a model that cannot keep to it.
            plain = plain or not content.strip()
        opinions = []
        for failed, (place, criterion) in zip(
            judge_failure(call, problem), enumerate(call.criteria), strict=True
        ):
            met, rationale = decided.get(place, (None, ""))
            state = MET if met else UNMET
            opinions.append(
                failed if met is None else Opinion(criterion, state, rationale=rationale)
            )
        no_answer = "model" not in details
        return Answer(opinions, usage, details, outage=no_answer)

    def _seed(self, call: Call, attempt: int) -> int | None:
        return None if self.seed is None else self.seed + SEEDS_PER_REPEAT * call.repeat + attempt

    async def _complete(
        self, call: PromptedCall, attempt: int, plain: bool, details: dict[str, Any]
    ) -> tuple[Any, bool]:
        """The server's answer, and whether it was asked without a schema.

        Raises _NoAnswer if there is none for this call, JudgeStop if there will be none at all.
        """
        import openai

        refused = False
        while True:
            step, urls = await asyncio.to_thread(call.evidence.load)
            details["jpeg_quality"], details["longest_side"] = self._steps[step]
            details["plain_json"] = plain
            try:
                completion = await self._client.chat.completions.create(
                    **self._request(call, attempt, plain, urls)
                )
            except openai.APIStatusError as error:
                status, message = error.status_code, self._clean(error)
                if status == 413 and step + 1 < len(self._steps):
                    # For the rest of the run; calls already under way must not each take a step.
                    self._step = max(self._step, step + 1)
                elif status in (400, 422) and (name := self._refused_setting(error)):
                    raise JudgeStop(f"{self.id} refuses {name}: leave it to the server") from None
                elif status in (400, 422) and not plain:
                    plain = refused = True
                else:
                    raise self._verdict_on(error, message) from None
            except openai.APIConnectionError as error:
                why = "timed out" if isinstance(error, openai.APITimeoutError) else "broke off"
                raise _NoAnswer(f"the connection {why}, retries included") from None
            except (ValueError, openai.APIResponseValidationError):
                return None, plain  # the body is not what the protocol says
            else:
                self._plain = self._plain or refused
                return completion, plain

    def _request(
        self, call: PromptedCall, attempt: int, plain: bool, urls: list[str]
    ) -> dict[str, Any]:
        prompt = call.rendered
        question = prompt.question
        if attempt:
            question += (
                f"\n(Attempt {attempt + 1}: an earlier answer was not in that form or left "
                "criteria out. Give every key, as JSON.)"
            )
        content: list[dict[str, Any]] = [{"type": "text", "text": prompt.task}]
        for number, url in enumerate(urls, 1):
            content.append({"type": "text", "text": f"Frame {number} of {len(urls)}:"})
            content.append({"type": "image_url", "image_url": {"url": url}})
        content.append({"type": "text", "text": question})
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": content},
            ],
        }
        if self.temperature is not None:
            request["temperature"] = self.temperature
        if self.seed is not None:
            request["seed"] = self._seed(call, attempt)
        if not plain:
            schema = {"name": "verdicts", "strict": True, "schema": prompt.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def _verdict_on(self, error: Any, message: str) -> Exception:
        """Whether an error of the server ends the call or the run, as the exception to raise."""
        status, where = error.status_code, self.settings["server"]
        if status in (401, 403):
            return JudgeStop(f"{where} refuses the key ({status}): check OPENAI_API_KEY")
        if status == 404:
            return JudgeStop(f"{where} knows no model {self.model!r} (404): {message}")
        if status == 402 or error.code == "insufficient_quota":
            return JudgeStop(f"{where}: the account is out of credit ({status}): {message}")
        return _NoAnswer(f"HTTP {status}: {message}")

    def _refused_setting(self, error: Any) -> str:
        for name, value in (("temperature", self.temperature), ("seed", self.seed)):
            if value is not None and error.param == name:
                return f"{name}={value}"
        return ""

    def _clean(self, error: Any) -> str:
        """The server's message in one short line, without the key."""
        text = one_line(str(error.message))
        key = os.environ.get("OPENAI_API_KEY")
        return (text.replace(key, "***") if key else text)[:200]


class _NoAnswer(Exception):
    """The server gave this call no answer."""


def _content(completion: Any, usage: dict[str, int], details: dict[str, Any]) -> str:
    """The text of an answer, "" if it has none; adds its tokens, notes who answered and how."""
    for name in usage:
        usage[name] += getattr(getattr(completion, "usage", None), name, None) or 0
    details["model"] = str(getattr(completion, "model", None) or "")
    if fingerprint := getattr(completion, "system_fingerprint", None):
        details["system_fingerprint"] = str(fingerprint)
    choices = getattr(completion, "choices", None) or []
    if not choices:
        return ""
    details["finish_reason"] = str(choices[0].finish_reason)
    content = getattr(choices[0].message, "content", None)
    return content if isinstance(content, str) else ""


def _server(base_url: str | None) -> str:
    """The address as it may be shown: without user, password or query."""
    if not base_url:
        return "https://api.openai.com/v1"
    parts = urlsplit(base_url)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/")
