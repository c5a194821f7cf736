"""`npm run bench`: what the compiler costs and how fast its graphs run, beside torch.onnx.export of the reference, in one run.

Prints Markdown tables and writes the same figures to out/bench.json. Medians; ratios are taken turn by turn.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gallery
import latents
import memory
import numpy as np
import onnx
import onnxruntime
import torch
import type_costs
from measure import Paired, Process, paired, run_process
from tables import Rows, markdown

ROOT = Path(__file__).resolve().parents[1]


class Bench:
    def __init__(self, node: str, tsc: str, folder: Path, quick: bool) -> None:
        self.node = node
        self.tsc = tsc
        self.folder = folder
        self.repeats = 3 if quick else 7
        self.turns = 7 if quick else 31
        self.sizes = [256] if quick else [256, 512, 1024]

    def processes(self, command: list[str]) -> Process:
        runs = [run_process(command, str(ROOT)) for _ in range(self.repeats)]
        return Process(statistics.median(run.seconds for run in runs), max(run.peak_bytes for run in runs))

    def litevae(self, *arguments: str) -> list[str]:
        return [self.node, str(ROOT / "dist" / "bin" / "litevae.js"), *arguments]

    def compile_times(self) -> Rows:
        rows: Rows = []
        for model, parts in [
            ("b", "encoder"),
            ("l", "encoder"),
            ("b", "encoder,decoder,discriminator"),
            ("l", "encoder,decoder,discriminator"),
        ]:
            progress(f"compile {model} --parts {parts}")
            out = self.folder / f"{model}-{parts.replace(',', '-')}"
            result = self.processes(self.litevae("compile", model, "-o", str(out), "--parts", parts))
            weights = (out / "model.safetensors").stat().st_size
            limit = 3 * weights + 150e6
            rows.append(
                {
                    "command": f"compile {model} --parts {parts}",
                    "seconds": result.seconds,
                    "peak_mb": result.peak_bytes / 1e6,
                    "weights_mb": weights / 1e6,
                    "peak_allowed_mb": limit / 1e6,
                }
            )
        return rows

    def export_times(self, exporters: list[str]) -> Rows:
        rows: Rows = []
        for name, part in [("s", "encoder"), ("b", "encoder"), ("l", "encoder"), ("b", "decoder")]:
            for exporter in exporters:
                progress(f"torch.onnx.export {name} {part} {exporter}")
                command = [
                    sys.executable,
                    "bench/export.py",
                    name,
                    part,
                    str(self.exported(name, part, exporter)),
                    exporter,
                ]
                try:
                    result = run_process(command, str(ROOT))
                except RuntimeError as error:
                    rows.append(
                        {
                            "model": name,
                            "part": part,
                            "exporter": exporter,
                            "failed": str(error).strip().splitlines()[-1][:160],
                        }
                    )
                    continue
                nodes = len(
                    onnx.load(self.exported(name, part, exporter), load_external_data=False).graph.node
                )
                rows.append(
                    {
                        "model": name,
                        "part": part,
                        "exporter": exporter,
                        "seconds": result.seconds,
                        "peak_mb": result.peak_bytes / 1e6,
                        "nodes": nodes,
                    }
                )
        return rows

    def exported(self, name: str, part: str, exporter: str) -> Path:
        return self.folder / f"{name}-{part}-{exporter}.onnx"

    def compiled(self, model: str, part: str, audience: str = "cpu") -> Path:
        out = self.folder / f"run-{model}-{part}-{audience}"
        run_process(
            self.litevae("compile", model, "-o", str(out), "--parts", part, "--for", audience), str(ROOT)
        )
        return out / f"{part}.onnx"

    def latencies(self, exporters: list[str]) -> Rows:
        """Encoders at 256², batch 1, against the exporters' graphs; the first row is a graph against itself."""
        rows: Rows = []
        x = np.random.default_rng(0).standard_normal((1, 3, 256, 256)).astype(np.float32)
        for model in ("s", "b"):
            ours = self.compiled(model, "encoder")
            peers = {f"exporter ({name})": self.exported(model, "encoder", name) for name in exporters}
            for label, peer in {"itself": ours, **peers}.items():
                if not peer.exists():
                    continue
                progress(f"latency of {model} encoder against {label}")
                rows.append(
                    {"graph": f"{model} encoder", "peer": label, **asdict(self.compare(ours, peer, x, x))}
                )
        return rows

    def decoders(self, exporters: list[str]) -> Rows:
        """The folded SMC decoder against SD-VAE's decoder, all with 12 latent channels at 32²."""
        rows: Rows = []
        z = np.random.default_rng(0).standard_normal((1, 12, 32, 32)).astype(np.float32)
        smc, group = self.compiled("b-smc", "decoder"), self.compiled("b", "decoder")
        exported = {
            f"SD-VAE decoder, exporter ({name})": self.exported("b", "decoder", name) for name in exporters
        }
        for label, peer in {"SD-VAE decoder, compiled": group, **exported}.items():
            if peer.exists():
                progress(f"latency of the b-smc decoder against {label}")
                rows.append(
                    {"graph": "b-smc decoder", "peer": label, **asdict(self.compare(smc, peer, z, z))}
                )
        return rows

    def audiences(self) -> Rows:
        """What graphs for anyone cost on a processor, beside those compiled for one, with and without blocks."""
        rows: Rows = []
        shapes = {"encoder": (1, 3, 256, 256), "decoder": (1, 12, 32, 32)}
        for model, part in [("nano", "encoder"), ("b", "encoder"), ("nano", "decoder"), ("b-smc", "decoder")]:
            anyone, processor = (self.compiled(model, part, name) for name in ("portable", "cpu"))
            x = np.random.default_rng(0).standard_normal(shapes[part]).astype(np.float32)
            for layout, blocked in {"blocked layout": True, "plain layout": False}.items():
                progress(f"latency of the {model} {part}, --for portable against --for cpu, {layout}")
                paired_ = asdict(self.compare(anyone, processor, x, x, blocked=blocked))
                rows.append({"graph": f"{model} {part}, portable, {layout}", "peer": "cpu", **paired_})
        return rows

    def profiles(self, exporters: list[str]) -> Rows:
        """Where B's encoder spends its time: the share of each kind of node, in onnxruntime's own profile."""
        rows: Rows = []
        x = np.random.default_rng(0).standard_normal((1, 3, 256, 256)).astype(np.float32)
        exported = {f"exporter ({name})": self.exported("b", "encoder", name) for name in exporters}
        for label, path in {"compiled": self.compiled("b", "encoder"), **exported}.items():
            if path.exists():
                progress(f"profile of b encoder, {label}")
                rows.append({"graph": f"b encoder, {label}", **self.shares(path, x)})
        return rows

    def shares(self, path: Path, x: np.ndarray) -> dict[str, str]:
        settings = onnxruntime.SessionOptions()
        settings.enable_profiling = True
        settings.profile_file_prefix = str(self.folder / "profile")
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        for _ in range(self.repeats):
            session.run(None, {session.get_inputs()[0].name: x})
        times: dict[str, int] = {}
        for event in json.loads(Path(session.end_profiling()).read_text()):
            if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
                kind = event["args"]["op_name"]
                times[kind] = times.get(kind, 0) + event["dur"]
        largest = sorted(times, key=lambda kind: -times[kind])[:6]
        return {
            "largest shares": ", ".join(f"{kind} {times[kind] / sum(times.values()):.0%}" for kind in largest)
        }

    def compare(
        self, ours: Path, peer: Path, x: np.ndarray, y: np.ndarray, *, blocked: bool = True
    ) -> Paired:
        settings = onnxruntime.SessionOptions()
        if not blocked:
            settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        # Idle workers of one session would spin on the core that the other one needs.
        settings.add_session_config_entry("session.force_spinning_stop", "1")
        sessions = [
            onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
            for path in (ours, peer)
        ]
        feeds = [
            {session.get_inputs()[0].name: value} for session, value in zip(sessions, (x, y), strict=True)
        ]
        return paired(
            lambda: sessions[0].run(None, feeds[0]), lambda: sessions[1].run(None, feeds[1]), self.turns
        )

    def typecheck(self) -> Rows:
        progress("tsc --noEmit over the DSL and the examples")
        project = {
            "extends": str(ROOT / "tsconfig.json"),
            "include": [str(ROOT / "dsl"), str(ROOT / "examples")],
        }
        config = ROOT / "out" / "tsconfig.bench.json"
        config.parent.mkdir(exist_ok=True)
        config.write_text(json.dumps(project))
        result = self.processes([self.node, self.tsc, "--noEmit", "-p", str(config)])
        return [
            {
                "command": "tsc --noEmit, DSL and examples",
                "seconds": result.seconds,
                "peak_mb": result.peak_bytes / 1e6,
            }
        ]


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def hardware() -> dict[str, Any]:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "node": subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--node", default="node")
    parser.add_argument("--tsc", required=True)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument(
        "--only",
        nargs="*",
        help="of compile export encoders profiles decoders audiences gallery memory latents typecheck types",
    )
    options = parser.parse_args()
    exporters = ["legacy", "dynamo"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.node, options.tsc, Path(folder), options.quick)
        sections = {
            "compile": ("Compiling, whole process", bench.compile_times),
            "export": ("torch.onnx.export, whole process", lambda: bench.export_times(exporters)),
            "encoders": ("Encoder latency in onnxruntime, 256², batch 1", lambda: bench.latencies(exporters)),
            "profiles": ("Profile of B's encoder", lambda: bench.profiles(exporters)),
            "decoders": (
                "Decoder latency in onnxruntime, latent 32², batch 1",
                lambda: bench.decoders(exporters),
            ),
            "audiences": ("Graphs for anyone, 256², batch 1", bench.audiences),
            "gallery": ("Gallery, 256², batch 1", lambda: gallery.rows(bench.litevae, bench.folder)),
            "memory": (
                "Memory counted and measured, MiB",
                lambda: memory.rows(bench.litevae, bench.folder, bench.sizes),
            ),
            "latents": (latents.TITLE, lambda: latents.rows(bench.litevae, bench.folder, options.quick)),
            "typecheck": ("Type checking", bench.typecheck),
            "types": ("Types of the examples", lambda: type_costs.rows([bench.node, bench.tsc])),
        }
        results: dict[str, Any] = {"hardware": hardware()}
        print("\n".join(f"- {key}: {value}" for key, value in results["hardware"].items()) + "\n")
        for key, (title, measure) in sections.items():
            if options.only is None or key in options.only:
                results[key] = measure()
                print(markdown(title, results[key]), flush=True)
    path = ROOT / "out" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n")
    progress(f"written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
