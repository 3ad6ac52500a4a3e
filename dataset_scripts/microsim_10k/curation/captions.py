"""Captions of pieces by a model behind any OpenAI-compatible endpoint: eight frames, the title."""

from __future__ import annotations

import base64
import io
import os
from typing import Any

import numpy as np
from datatrove.data import DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from PIL import Image

from ..build import BuildError
from .steps import FRAMES

SHOWN = 8
ASK = (
    "These are eight frames of a short clip, in order, from a video titled {title!r}. Describe in "
    "80 to 150 words what happens at microscopic scale: the process, who takes part, how many, "
    "which way and how fast they move, and how the picture was made. Say only what can be seen. "
    "Answer with the description alone."
)


class Caption(PipelineStep):
    """Words each piece; `base_url` None is the client's own, the key comes from OPENAI_API_KEY."""

    name = "caption"
    type = "WRITER"

    def __init__(self, model: str, base_url: str | None) -> None:
        super().__init__()
        self.model, self.base_url = model, base_url

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Each document with its caption as `text`; raises `BuildError` if the model gives none."""
        from openai import OpenAI, OpenAIError

        # A server of one's own wants no key, but the client wants a word.
        key = os.environ.get("OPENAI_API_KEY") or ("none" if self.base_url else None)
        try:
            client = OpenAI(api_key=key, base_url=self.base_url, max_retries=4)
            for document in data:
                frames, title = document.metadata[FRAMES], document.metadata["piece"]["title"]
                answer = client.chat.completions.create(
                    model=self.model, messages=[{"role": "user", "content": ask(frames, title)}]
                )
                text = (answer.choices[0].message.content or "").strip() if answer.choices else ""
                if not text:
                    raise BuildError(f"{self.model} gave no caption for {document.id}")
                document.text = " ".join(text.split())
                yield document
        except OpenAIError as error:
            reason = " ".join(str(error).split())[:200]
            raise BuildError(
                f"caption: {self.model}: {reason}; run the same command to go on"
            ) from None


def ask(frames: np.ndarray, title: str) -> list[Any]:
    """The message of one request: the question, then `SHOWN` of the frames (T, H, W, 3) uint8."""
    chosen = np.linspace(0, len(frames) - 1, min(SHOWN, len(frames))).round().astype(int)
    parts: list[Any] = [{"type": "text", "text": ASK.format(title=title)}]
    for i in chosen:
        buffer = io.BytesIO()
        Image.fromarray(frames[i]).save(buffer, "JPEG", quality=85)
        url = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts
