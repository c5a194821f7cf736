"""Options of diffusers' from_pretrained and save_pretrained, which are taken where they change nothing, and types by name."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

# The values that these may have.
_LOADING: Mapping[str, tuple[Any, ...]] = {
    "use_safetensors": (None, True),
    "device_map": (None,),
    "quantization_config": (None,),
    "output_loading_info": (False,),
    "return_unused_kwargs": (False,),
    "ignore_mismatched_sizes": (False,),
}
_WITHOUT_EFFECT = (
    "low_cpu_mem_usage",
    "max_memory",
    "offload_folder",
    "offload_state_dict",
    "disable_mmap",
    "local_files_only",
    "cache_dir",
    "force_download",
    "proxies",
    "token",
    "revision",
)

# Of save_pretrained: nothing goes to a hub, and safetensors needs no function of the caller's.
SAVING_WITHOUT_EFFECT = ("save_function", "token", "repo_id", "private", "create_pr", "commit_message")


def dtype_of(wanted: torch.dtype | str | None) -> torch.dtype | Literal["auto"] | None:
    """A floating type by itself or by its name, "float16" or "torch.float16". ValueError where it is none."""
    if wanted is None:
        return None
    if wanted == "auto":
        return "auto"
    found = getattr(torch, wanted.removeprefix("torch."), None) if isinstance(wanted, str) else wanted
    if isinstance(found, torch.dtype) and found.is_floating_point:
        return found
    raise ValueError(
        f'torch_dtype is a floating torch.dtype such as torch.float16, its name, or "auto", not {wanted!r}'
    )


def stored_dtype(tensors: Iterable[Tensor]) -> torch.dtype | None:
    """The floating type that most of these numbers have."""
    counts = Counter[torch.dtype]()
    for tensor in tensors:
        if tensor.is_floating_point():
            counts[tensor.dtype] += tensor.numel()
    return max(counts, key=lambda each: counts[each], default=None)


def refuse_unknown(settings: Iterable[str], known: Collection[str], method: str) -> None:
    for name in settings:
        if name not in known:
            raise TypeError(f"{method} has no argument {name}, and config.json no such setting")


def refuse_other(options: Mapping[str, Any], method: str) -> None:
    for name, value in options.items():
        if name in _WITHOUT_EFFECT or value in _LOADING.get(name, ()):
            continue
        if name in _LOADING:
            raise ValueError(
                f"{method} does not take {name}={value!r}: the whole model comes as it is stored, and .to(…) moves it"
            )
        raise TypeError(f"{method} has no argument {name}")
