"""Names of files and tensors in a folder of latents. Its format is in docs/latents.md."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

FORMAT = "litevae-latents-1"

MANIFEST = "manifest.json"
# A line for every time that the command ran to its end.
LOG = "encode.jsonl"
# While an encoding is unfinished: its settings, and what is known of each shard that is whole.
PARTS, BEGUN = "parts", "settings.json"

# What a lock leaves (running/lock.py), and the end of a file that is being written (common/files.py).
LOCK_FILES, PARTIAL = (".lock", "lock.json"), ".partial"

LABEL, POSITION, NAME, NAME_END = "label", "position", "name", "name_end"

# What an encoder gives: parameters of a Gaussian, or the latent itself.
GAUSSIAN, POINT = ("mean", "logvar"), ("latent",)


def shard_name(number: int) -> str:
    return f"latents-{number:05d}.safetensors"


def shard_number(name: str) -> int:
    """What `shard_name` was given."""
    return int(name.removeprefix("latents-").removesuffix(".safetensors"))


def part_name(number: int) -> str:
    return f"{number:05d}.json"


def mirrored(name: str) -> str:
    """The tensor of the mirrored image."""
    return f"{name}_flip"


def stored_names(names: Iterable[str]) -> tuple[Tensor, Tensor]:
    """Texts as one tensor of bytes, UTF-8, and where each ends."""
    texts = [name.encode(errors="surrogateescape") for name in names]
    ends = torch.tensor([len(text) for text in texts], dtype=torch.int64).cumsum(0)
    return torch.frombuffer(bytearray(b"".join(texts)), dtype=torch.uint8), ends


def read_names(letters: Tensor, ends: Tensor) -> list[str]:
    """What `stored_names` was given."""
    text, starts = bytes(letters.tolist()), [0, *ends.tolist()]
    return [text[start:end].decode(errors="surrogateescape") for start, end in pairwise(starts)]


def is_ours(path: Path) -> bool:
    """Whether an encoding leaves a file or folder of this name."""
    # What a kill left half-written has something of its own between name and suffix.
    name = path.name.rsplit(".", 2)[0] if path.suffix == PARTIAL else path.name
    return name in (MANIFEST, LOG, PARTS, *LOCK_FILES) or (
        name.startswith("latents-") and name.endswith(".safetensors")
    )
