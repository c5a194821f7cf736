"""The weight of the KL divergence as others write it, who reduce otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KlConventions:
    """One weight of the KL divergence as three conventions write it, beside an ℓ1 of weight 1."""

    # Mean KL per latent element beside mean ℓ1: the recipe's.
    per_element: float
    # KL and ℓ1 both summed over each sample: latent diffusion's, 1e-6 there.
    sum_beside_sum: float
    # KL summed over each sample beside mean ℓ1.
    sum_beside_mean: float

    def __str__(self) -> str:
        return (
            f"{self.per_element:.3g} per latent element; {self.sum_beside_sum:.3g} summed beside a summed ℓ1 "
            f"(latent diffusion); {self.sum_beside_mean:.3g} summed beside a mean ℓ1"
        )


def kl_in_conventions(
    weight: float, nz: int, stride: int, resolution: int, image_channels: int = 3
) -> KlConventions:
    """The recipe's weight, per latent element, in all three conventions; they differ in how they reduce."""
    latent_elements = nz * (resolution // stride) ** 2
    image_elements = image_channels * resolution**2
    return KlConventions(weight, weight * image_elements / latent_elements, weight / latent_elements)
