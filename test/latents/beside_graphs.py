"""What `litevae encode` wrote beside what the package's `encode` writes of the same images; prints JSON.

`python beside_graphs.py PACKAGE SET LATENTS FLOAT16 BFLOAT16 OPTIONS…`, in the folder of all of these.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

Moments = dict[str, Tensor]


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def everything(folder: Path) -> Moments:
    """The tensors of all files, joined."""
    files = [load_file(folder / shard["file"]) for shard in manifest(folder)["shards"]]
    return {name: torch.cat([file[name] for file in files]) for name in files[0] if "name" not in name}


def departure(found: Any, expected: Any) -> float:
    """The largest, in proportion to the largest number."""
    a, b = (torch.tensor(each, dtype=torch.float64) for each in (found, expected))
    return float((a - b).abs().max() / b.abs().max())


def main(package: str, data: str, latents: str, float16: str, bfloat16: str, *options: str) -> None:
    torch.set_num_threads(1)
    encode, dataset = import_module(f"{package}.encode"), import_module(package).LatentDataset
    out = Path("of-the-package")
    more = ("--workers", "0", "--device", "cpu")
    assert encode.main(["--data", data, "--output", str(out), *options, *more]) == 0
    ours, theirs = dataset(latents), dataset(out)
    a, b = everything(Path(latents)), everything(out)
    one, other = manifest(Path(latents)), manifest(out)
    names = [theirs.name(index) for index in range(len(theirs))]
    moments = [name for name in b if b[name].dim() == 4]
    same = {name: one[name] == other[name] for name in ("data", "classes", "latent", "enlarged", "images")}
    same |= {"names": names == [ours.name(index) for index in range(len(ours))]}
    same |= {name: torch.equal(a[name], b[name]) for name in ("label", "position")}
    settings = {
        name: one["settings"].get(name) == other["settings"].get(name)
        for name in sorted({*one["settings"], *other["settings"]})
    }
    # What the package computes of the moments that lie there.
    sums = import_module(f"{package}._runtime.latents.sums").Sums
    kinds = [[a[name] for name in ("mean", "logvar")], [a[name] for name in ("mean_flip", "logvar_flip")]]
    channels = one["latent"]["channels"]
    total = sums.all_of((sums.of(kind) for kind in kinds), channels)
    expected = total.statistics(len(ours)).config() | {
        "covariance": total.covariance().tolist(),
        "values": total.count,
    }
    assert ours[0][0].isfinite().all()
    export = import_module(f"{package}.export")
    assert export.main(["--latents", latents, "--layout", "lightningdit", "--output", "exported"]) == 0
    half = {name: everything(Path(name)) for name in (float16, bfloat16)}
    print(
        json.dumps(
            {
                "names": names,
                "corrupt": [each["name"] for each in one["corrupt"] if each["name"] in _names(other)],
                "moments": {
                    name: max(float((a[each][i] - b[each][i]).abs().max()) for each in moments)
                    for i, name in enumerate(names)
                },
                "statistics": {
                    name: departure(value, expected[name]) for name, value in one["statistics"].items()
                },
                "same": [name for name, equal in {**same, **settings}.items() if equal],
                "other": [name for name, equal in settings.items() if not equal],
                "exported": sum(
                    len(load_file(file)["labels"]) for file in Path("exported").glob("*.safetensors")
                ),
                "half": {
                    name: all(torch.equal(found[each], a[each].to(getattr(torch, name))) for each in moments)
                    for name, found in half.items()
                },
            }
        )
    )


def _names(of: dict[str, Any]) -> set[str]:
    return {each["name"] for each in of["corrupt"]}


if __name__ == "__main__":
    main(*sys.argv[1:])
