"""The parts of an autoencoder that a phase trains, and those that it leaves as they are."""

from collections.abc import Collection

from torch import nn

from ..common.errors import InputError
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.used import last_weight, used_in_decoding, used_in_encoding
from ..recipe.fields import Recipe
from ..recipe.parts import Parts, parts_of


class TrainedParts:
    """What is frozen gets no gradient, and stays as at inference: running statistics, codebooks that follow, dropout.

    A module that encoding and decoding share is trained where both are, and frozen where one alone is.
    """

    def __init__(self, autoencoder: ImageAutoencoder, recipe: Recipe) -> None:
        self._autoencoder = autoencoder
        self._trainable = [each for each in autoencoder.parameters() if each.requires_grad]
        decoding = used_in_decoding(autoencoder)
        self.of_phases: list[Parts] = [parts_of(phase, recipe) for phase in recipe.phases]
        # The encoder of some models has nothing to train: it is asked only where it is to be frozen, or trained alone.
        encoding = used_in_encoding(autoencoder) if {*self.of_phases} != {"both"} else []
        self._frozen: dict[Parts, list[nn.Module]] = {"both": [], "encoder": decoding, "decoder": encoding}
        for i, parts in enumerate(self.of_phases):
            if not self._trained((parts,)):
                raise InputError(
                    f"phase {recipe.phases[i].name} trains nothing",
                    expected=f"a model whose {parts} has weights of its own",
                    found=f"parts: {parts}, and {autoencoder.name}'s has none that the rest does without",
                    remedy=f"leave the phase out, or set phases.{i}.parts=both",
                )
        # The weight at which gradients of the losses are compared (eq. 2): of the last layer that every loss reaches.
        of_decoder = last_weight(decoding, "decoder")
        self._compared: dict[Parts, nn.Parameter] = dict.fromkeys(self._frozen, of_decoder)
        if "encoder" in self.of_phases:
            self._compared["encoder"] = last_weight(encoding, "encoder")

    def last_layer(self, parts: Parts) -> nn.Parameter:
        """The weight of the last convolution that is trained with `parts`, the decoder's unless that is frozen."""
        return self._compared[parts]

    def train(self, *parts: Parts) -> None:
        """Lets these be trained, and freezes what none of them trains."""
        trained = {id(each) for each in self._trained(parts)}
        for parameter in self._trainable:
            parameter.requires_grad_(id(parameter) in trained)
        frozen = self._frozen_in(parts)
        for module in self._autoencoder.modules():
            leaves = [each for each in module.modules() if next(each.children(), None) is None]
            called = [each for each in leaves if not isinstance(each, (nn.ModuleList, nn.ModuleDict))]
            module.training = not called or not all(id(each) in frozen for each in called)

    def _frozen_in(self, parts: Collection[Parts]) -> set[int]:
        """The modules that all of `parts` freeze, by their identity."""
        each = [{id(module) for module in self._frozen[one]} for one in parts]
        return set.intersection(*each)

    def _trained(self, parts: Collection[Parts]) -> list[nn.Parameter]:
        frozen = self._frozen_in(parts)
        trainable = {id(each) for each in self._trainable}
        return [
            parameter
            for module in self._autoencoder.modules()
            if id(module) not in frozen
            for parameter in module.parameters(recurse=False)
            if id(parameter) in trainable
        ]
