"""Layers and functions that torch.nn lacks.

Maps are [N, C, H, W], vectors [N, C]. All work under torch.compile and autocast and with channels_last.
"""

from .activations import Snake, quick_gelu
from .attention import attention, linear_attention, window_attention
from .channels import grouped_chunk, grouped_split
from .equalized import EqualizedConv2d, EqualizedLinear
from .haar import haar_dwt, haar_idwt
from .linear import ChannelLinear
from .loss_terms import add_loss_terms, loss_terms
from .norms import ChannelLayerNorm, ChannelRMSNorm
from .parameter import parameter, relative_position_bias
from .quantization import VectorQuantizer, fsq, lfq, round_ste
from .rules import at_least_float32, default_groups, same_padding
from .sampling import resize_to
from .smc import SMCConv2d
from .spectral import SpectralConv2d, SpectralLinear, without_power_iteration
from .stochastic import StochasticDepth
from .stylegan import blur, minibatch_stddev
from .tokens import matmul, tokens, untokens

__all__ = [
    "ChannelLayerNorm",
    "ChannelLinear",
    "ChannelRMSNorm",
    "EqualizedConv2d",
    "EqualizedLinear",
    "SMCConv2d",
    "Snake",
    "SpectralConv2d",
    "SpectralLinear",
    "StochasticDepth",
    "VectorQuantizer",
    "add_loss_terms",
    "at_least_float32",
    "attention",
    "blur",
    "default_groups",
    "fsq",
    "grouped_chunk",
    "grouped_split",
    "haar_dwt",
    "haar_idwt",
    "lfq",
    "linear_attention",
    "loss_terms",
    "matmul",
    "minibatch_stddev",
    "parameter",
    "quick_gelu",
    "relative_position_bias",
    "resize_to",
    "round_ste",
    "same_padding",
    "tokens",
    "untokens",
    "window_attention",
    "without_power_iteration",
]
