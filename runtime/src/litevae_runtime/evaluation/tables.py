"""What an evaluation prints: what was measured, and under a heading of its own what the paper published."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..common.text import counted, text_table
from ..metrics.registry import QUALITY


def measured_text(result: Mapping[str, Any]) -> str:
    """Tables of the numbers in a result; what was not asked for has no column."""
    data, source = result["protocol"]["data"], result["source"]
    asked = [metric for metric in QUALITY if metric.name in result["protocol"]["metrics"]]
    figures = [figure for metric in asked for figure in metric.figures]
    rows: list[Sequence[str]] = [["size", "images", *(figure.heading for figure in figures)]]
    for entry in result["sizes"]:
        values = [_number(entry[figure.key], figure.digits) for figure in figures]
        rows.append([f"{entry['size']}×{entry['size']}", f"{entry['images']:,}", *values])
    parts = [
        f"{result['model']}, {source['path']}, on {counted(data['images'], 'image')} of {data['path']}",
        text_table(rows, right=range(len(rows[0]))),
    ]
    mmd, imbalance = result["mmd"], result["imbalance"]
    if mmd is not None:
        pairs = [[f"{entry['sigma']:g}", f"{entry['mmd2']:.3g}"] for entry in mmd["values"]]
        title = f"MMD² of {mmd['samples']:,} latents to a standard Gaussian at {mmd['size']}×{mmd['size']}"
        parts.append(f"{title}\n{text_table([['σ', 'MMD²'], *pairs], right=(0, 1))}")
    if imbalance is not None:
        parts.append(
            f"feature maps of {imbalance['module']} at {imbalance['size']}×{imbalance['size']}, largest over median: "
            f"{imbalance['value']:.2f} by position, {_number(imbalance['value_channels'], 2)} by channel"
        )
    return "\n\n".join(parts)


def published_text(paper: Mapping[str, Any], latent_channels: int) -> str:
    """The paper's figures for models of as many latent channels, or all of them where it has none."""
    alike = [row for row in paper["quality"] if row["latentChannels"] == latent_channels]
    rows: list[Sequence[str]] = [["table", "model", "data", "size", "nz", "rFID", "LPIPS", "PSNR", "SSIM"]]
    rows += [_published_row(row) for row in alike or paper["quality"]]
    heading = f"published in {paper['source']}, by other training and evaluation than yours:"
    return f"{heading}\n{text_table(rows, right=range(3, 9))}"


def _published_row(row: Mapping[str, Any]) -> Sequence[str]:
    return [
        row["table"],
        row["model"],
        row["data"],
        f"{row['size']}×{row['size']}",
        str(row["latentChannels"]),
        f"{row['rfid']:.2f}",
        f"{row['lpips']:.3f}",
        f"{row['psnr']:.2f}",
        f"{row['ssim']:.2f}",
    ]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
