"""Options of diffusers' from_pretrained that are taken where they change nothing."""

from collections.abc import Mapping
from typing import Any

# The values that these may have.
_LOADING: Mapping[str, tuple[Any, ...]] = {
    "use_safetensors": (None, True),
    "device_map": (None,),
    "quantization_config": (None,),
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


def refuse_other(options: Mapping[str, Any], method: str) -> None:
    for name, value in options.items():
        if name in _WITHOUT_EFFECT or value in _LOADING.get(name, ()):
            continue
        if name in _LOADING:
            raise ValueError(
                f"{method} does not take {name}={value!r}: move the model with .to(…) when it is loaded"
            )
        raise TypeError(f"{method} has no argument {name}")
