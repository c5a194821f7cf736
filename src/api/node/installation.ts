import { networks } from "../../../dsl/models/index.ts";
import { authorDocs } from "../../artifact/author-docs.ts";
import { clientTemplate } from "../../artifact/client-template.ts";
import { runtimeFiles } from "../../artifact/runtime-files.ts";
import type { Definition, Graph, Model } from "../../ir/model.ts";
import type { Installation } from "../compile.ts";

/**
 * What `compile` of `litevae/api` takes as `installation`, for a page or a worker to which this is sent. Of the blocks of `models`, and of the networks that
 * training needs beside them, what their authors say goes along.
 */
export function installation(models: readonly Model[] = []): Installation {
  const definitions = (graph: Graph): readonly Definition[] =>
    graph.nodes.flatMap((node) => (node.kind === "call" ? [node.block.definition, ...definitions(node.body)] : []));
  const channels = new Set(models.map(({ imageChannels = 3 }) => imageChannels));
  const beside = [...channels].flatMap((each) => Object.values(networks(each)).flat());
  const graphs = [...models.flatMap(({ parts }) => parts), ...beside].map(({ graph }) => graph);
  return {
    clientTemplate: clientTemplate(),
    runtime: runtimeFiles(),
    docs: Object.fromEntries(graphs.flatMap(definitions).map((each) => [each.name, authorDocs(each)])),
  };
}
