import type { Layer, OpNode, Param } from "../ir/model.ts";
import { withGraph, type Pass } from "./pass.ts";

/**
 * Turns layers whose weights are functions of other weights alone (self-modulated, spectral-normalised) into the plain layers they equal at
 * inference. The new weight keeps the path of the old one and is computed when it is written.
 */
export const foldWeights: Pass = {
  name: "foldWeights",
  doc: "Folds self-modulation and spectral normalisation into plain layers.",
  requires: ["flat"],
  ensures: ["folded"],
  run(part) {
    const folded = new Map<Layer, Layer>();
    const nodes = part.graph.nodes.map((node) => {
      if (node.kind !== "op" || node.layer === undefined || node.op.fold === undefined) return node;
      const layer = folded.get(node.layer) ?? foldLayer(node.layer);
      folded.set(node.layer, layer);
      return Object.freeze<OpNode>({ ...node, op: layer.op, attrs: layer.attrs, defaulted: layer.defaulted, layer });
    });
    return withGraph(part, nodes);
  },
};

function foldLayer(layer: Layer): Layer {
  const fold = layer.op.fold?.(layer.attrs);
  if (fold === undefined) return layer;
  const params = (fold.op.params?.(fold.attrs) ?? []).map((spec): Param => {
    const stored = layer.params.find((param) => param.role === spec.role);
    const compute = fold.derive[spec.role];
    if (compute !== undefined) return { ...spec, path: `${layer.path}.${spec.role}`, derive: { from: layer.params, compute } };
    if (stored === undefined) throw new Error(`${layer.op.name} folds to ${fold.op.name} without its ${spec.role}`);
    return stored;
  });
  return Object.freeze({ ...layer, op: fold.op, attrs: fold.attrs, defaulted: [], params });
}
