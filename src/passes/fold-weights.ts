import { must } from "../errors/must.ts";
import { parameterPath } from "../ir/parameter-path.ts";
import type { Layer, OpNode, Param } from "../ir/model.ts";
import type { Attrs, Fold } from "../ir/op.ts";
import { flat, folded, withGraph, type PartPass } from "./pass.ts";

/**
 * Turns layers whose weights are functions of other weights alone (self-modulated, spectral-normalised) into the plain layers they equal at
 * inference. The new weight keeps the path of the old one and is computed when it is written.
 */
export const foldWeights: PartPass = {
  name: "foldWeights",
  doc: "Folds self-modulation and spectral normalisation into plain layers.",
  requires: [flat],
  ensures: [folded],
  run(part) {
    const layers = new Map<Layer, Layer>();
    const nodes = part.graph.nodes.map((node) => {
      if (node.kind !== "op" || node.layer === undefined || node.op.fold === undefined) return node;
      const layer = layers.get(node.layer) ?? foldLayer(node.layer, node.op.fold);
      layers.set(node.layer, layer);
      return Object.freeze<OpNode>({ ...node, op: layer.op, attrs: layer.attrs, defaulted: layer.defaulted, layer });
    });
    return withGraph(part, nodes);
  },
};

function foldLayer(layer: Layer, foldOf: (attrs: Attrs) => Fold): Layer {
  const fold = foldOf(layer.attrs);
  const params = (fold.op.params?.(fold.attrs) ?? []).map((spec): Param => {
    const stored = layer.params.find((param) => param.role === spec.role);
    const compute = fold.derive[spec.role];
    if (compute !== undefined)
      return { ...spec, path: parameterPath(layer.path, spec.role), derive: { from: layer.params, compute } };
    return must(stored, `the ${spec.role} of ${fold.op.name}, to which ${layer.op.name} folds,`);
  });
  return Object.freeze({ ...layer, op: fold.op, attrs: fold.attrs, defaulted: [], params });
}
