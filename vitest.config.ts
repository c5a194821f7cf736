import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { modules } from "./src/api/entries.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: Object.entries(modules).map(([name, module]) => ({
      find: new RegExp(`^${name}$`),
      replacement: here(`${module}.ts`),
    })),
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/unit.ts"],
    // Whole models are compiled and run with onnxruntime on machines of two cores.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    // Files share what they import, which would be half of the time of the quick ones.
    isolate: false,
    // `npm test -- unit` runs what has none of them. A file takes one in a line of its own: `// @module-tag slow`.
    tags: [
      { name: "python", description: "needs the Python of `npm test`, with torch and onnx" },
      { name: "browser", description: "opens Chromium" },
      { name: "slow", description: "compiles whole models or starts the command line again and again" },
    ],
    typecheck: {
      enabled: true,
      include: ["test/**/*.test-d.ts"],
      tsconfig: here("tsconfig.json"),
      // What is wrong outside of the type tests is `npm run check`'s to say.
      ignoreSourceErrors: true,
    },
  },
});
