"""Networks beside the autoencoder, as a package hands them in."""

from collections.abc import Callable, Mapping

from torch import nn

# What builds each network, without trained weights, by its name: the discriminators that a recipe can choose ("unet", …, and
# "model" where the model brings its own), and what perceptual losses and metrics look through ("vgg16", "lpips_heads", …).
Builders = Mapping[str, Callable[[], nn.Module]]
