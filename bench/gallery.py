"""How long encoders and decoders of the gallery take in onnxruntime, at 256², batch 1.

Processor seconds of one thread: what else the machine does adds little to them, and no models share a turn here.
"""

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from measure import run_process
from tables import Rows

ROOT = Path(__file__).resolve().parents[1]
SIZE = 256
# Runs of a graph: some take seconds, and several of them a minute.
LEAST, MOST, ENOUGH_SECONDS = 2, 5, 6.0
Feeds = dict[str, np.ndarray]


def rows(litevae: Callable[..., list[str]], folder: Path) -> Rows:
    """A row for every model, one after the other: all of their weights are gigabytes."""
    return [
        _row(litevae, file, folder / file.stem)
        for file in sorted((ROOT / "examples" / "gallery").glob("*.ts"))
    ]


def _row(litevae: Callable[..., list[str]], file: Path, out: Path) -> dict[str, str | float]:
    print(f"latency of {file.stem}", file=sys.stderr, flush=True)
    run_process(litevae("compile", str(file), "-o", str(out), "--for", "cpu"), str(ROOT))
    row = {"model": file.stem} | _latencies(out)
    shutil.rmtree(out)
    return row


def _latencies(out: Path) -> dict[str, float]:
    """Medians in seconds."""
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, SIZE, SIZE)).astype(np.float32)
    encoder = _session(out / "encoder.onnx")
    encoded, latent = _measured(encoder, {encoder.get_inputs()[0].name: image})
    del encoder
    decoder = _session(out / "decoder.onnx")
    first, *others = decoder.get_inputs()
    # What a decoder takes besides is as large as the image.
    beside = {given.name: np.ones((1, given.shape[1], SIZE, SIZE), np.float32) for given in others}
    decoded, _ = _measured(decoder, {first.name: latent, **beside})
    return {"encoder, seconds": encoded, "decoder, seconds": decoded}


def _session(graph: Path) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(graph), settings, providers=["CPUExecutionProvider"])


def _measured(session: onnxruntime.InferenceSession, feeds: Feeds) -> tuple[float, np.ndarray]:
    """The median of its runs, and its first output."""
    times: list[float] = []
    while len(times) < LEAST or (len(times) < MOST and sum(times) < ENOUGH_SECONDS):
        begin = time.process_time()
        first, *_ = session.run(None, feeds)
        times.append(time.process_time() - begin)
    return statistics.median(times), first
