/** docs/ops.md says what the ops declare; `npm run test:update` writes it anew. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Op } from "../../src/ir/op.ts";
import { ops } from "../../src/ops/index.ts";
import { root } from "../e2e/litevae.ts";
import { opReference } from "./reference.ts";

test("docs/ops.md", async () => {
  await expect(opReference(Object.values(ops) as readonly Op[])).toMatchFileSnapshot(join(root, "docs/ops.md"));
});
