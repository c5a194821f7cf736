"""What PyTorch keeps of a call for the backward pass."""

from collections.abc import Callable
from typing import Any

import torch


def saved_bytes(call: Callable[..., Any], *inputs: Any) -> int:
    """Bytes of the storages that autograd packs in a call, each once, a module's parameters and buffers aside."""
    state = call.state_dict() if isinstance(call, torch.nn.Module) else {}
    weights = {tensor.untyped_storage().data_ptr() for tensor in state.values()}
    storages: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    # What is saved lives as long as the result, so that no address is used twice.
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = call(*inputs)
    del result
    return sum(storages.values())
