"""A judge's server on the loopback interface, with faults on demand; and clips and rows for it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

STATUSES = {"429": 429, "500": 500, "503": 503, "401": 401, "403": 403, "404": 404, "402": 402}
DIMENSIONS = ("scientific", "visual", "instruction")
Fault = Callable[[int, dict[str, Any]], str]


def make_row(task_id: str, per_dimension: int = 3, dense: int = 0) -> dict[str, Any]:
    """A benchmark row; the first `dense` criteria of each dimension need dense frames."""
    criteria = [
        {
            "criterion_id": f"{task_id}.{dimension[0]}{i}",
            "dimension": dimension,
            "text": f"The {dimension} statement number {i} of {task_id} holds.",
            "sign": -1 if i == per_dimension else 1,
            "weight": 1.0,
            "source": "",
            "needs": "dense" if i <= dense else "order",
            "measure": "",
            "review": "unreviewed",
        }
        for dimension in DIMENSIONS
        for i in range(1, per_dimension + 1)
    ]
    return {
        "task_id": task_id,
        "edition": "open",
        "level": "cellular",
        "phenomenon": "mitosis",
        "prompt": f"A cell divides [{task_id}].",
        "requirement": "Two equal daughters lie side by side.",
        "criteria": criteria,
    }


def write_clip(
    path: Path, frames: int = 12, size: tuple[int, int] = (64, 64), seed: int = 0
) -> Path:
    """H.264 clip (height, width) whose grey level rises by 12 per frame, with a little noise."""
    import av

    rng = np.random.default_rng(seed)
    texture = rng.integers(0, 8, (*size, 3))
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "10", "threads": "1", "g": "5", "preset": "ultrafast"}
        for t in range(frames):
            picture = np.clip(texture + 20 + 12 * t, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def truth(text: str) -> bool:
    """What the loopback judge says of a criterion's text."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


class Loopback:
    """`with Loopback(fault) as server`: answers Chat Completions at `server.url`.

    `fault(number, body)` names what goes wrong with the request of that number, "" for nothing.
    `seen` holds a dict per request. `max_bytes` and `no_schema` refuse as servers do.
    """

    def __init__(
        self,
        fault: Fault = lambda number, body: "",
        latency: float = 0.0,
        max_bytes: int | None = None,
        no_schema: bool = False,
    ) -> None:
        self.fault, self.latency = fault, latency
        self.max_bytes, self.no_schema = max_bytes, no_schema
        self.seen: list[dict[str, Any]] = []
        self.most_at_once = self._at_once = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer._serve(self, body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """A killed client is no error here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def tasks(self) -> list[str]:
        """The task of every request so far, as its prompt names it."""
        with self.lock:
            return [seen["task"] for seen in self.seen]

    def _serve(self, handler: BaseHTTPRequestHandler, raw: bytes) -> None:
        body = json.loads(raw)
        parts = body["messages"][1]["content"]
        texts = [part["text"] for part in parts if part["type"] == "text"]
        images = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        seen = {
            "task": (re.findall(r"\[(.+?)\]", texts[0]) or [""])[0],
            "system": body["messages"][0]["content"],
            "texts": texts,
            "images": images,
            "image_bytes": sum(map(len, images)),
            "seed": body.get("seed"),
            "temperature": body.get("temperature"),
            "plain": "response_format" not in body,
            "key": handler.headers.get("Authorization"),
            "time": time.monotonic(),
        }
        with self.lock:
            number = len(self.seen)
            self.seen.append(seen)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            time.sleep(self.latency)
            fault = self.fault(number, body)
            if self.max_bytes is not None and len(raw) > self.max_bytes:
                fault = "413"
            elif self.no_schema and not seen["plain"]:
                fault = "400"
            seen["fault"] = fault
            self._reply(handler, fault, seen, texts[-1])
        finally:
            with self.lock:
                self._at_once -= 1

    def _reply(
        self, handler: BaseHTTPRequestHandler, fault: str, seen: dict[str, Any], question: str
    ) -> None:
        if fault == "drop":
            handler.close_connection = True
            handler.connection.close()
            return
        if fault == "malformed":
            return _send(handler, 200, b'{"id": "x", "choices": [{"mess')
        if fault in ("400", "413", "temperature") or fault in STATUSES:
            status = STATUSES.get(fault, 413 if fault == "413" else 400)
            error = {
                "message": f"refused on purpose; your key was {seen['key']}",
                "param": "temperature" if fault == "temperature" else None,
                "code": None,
            }
            return _send(handler, status, json.dumps({"error": error}).encode())
        asked = re.findall(r"^(c\d+): (.+)$", question, re.MULTILINE)
        if '"reason"' in seen["system"]:
            answer: dict[str, Any] = {
                name: {"reason": f"Frame 1 shows {name}.", "met": truth(text)}
                for name, text in asked
            }
        else:
            answer = {name: int(truth(text)) for name, text in asked}
        if fault == "short":
            answer.pop(asked[-1][0])
        content = "" if fault == "empty" else json.dumps(answer)
        if fault == "prose":
            content = "It all looks convincing to me."
        message = {"role": "assistant", "content": content}
        completion = {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "loopback-1",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        }
        _send(handler, 200, json.dumps(completion).encode())


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    if status in (429, 500, 503):
        handler.send_header("Retry-After", "0")
        handler.send_header("retry-after-ms", "20")  # what the client really waits
    handler.end_headers()
    handler.wfile.write(body)
