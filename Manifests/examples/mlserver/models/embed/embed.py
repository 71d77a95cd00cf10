"""Texts to vectors: each word adds to one of 16 places, up or down, by its hash."""
import hashlib

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

SIZE = 16


def vector(text: str) -> np.ndarray:
    out = np.zeros(SIZE, dtype=np.float32)
    for word in text.lower().split():
        digest = hashlib.sha256(word.encode()).digest()
        out[digest[0] % SIZE] += 1 if digest[1] % 2 else -1
    length = np.linalg.norm(out)
    return out / length if length else out


class Embed(MLModel):
    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        texts = StringCodec.decode_input(payload.inputs[0])
        if "" in texts:
            raise ValueError("an empty text has no vector")
        vectors = np.stack([vector(text) for text in texts])
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("vectors", vectors)])
