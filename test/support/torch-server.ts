/** PyTorch in a process of its own, one per test file. */
import { beforeAll } from "vitest";
import { must } from "../../src/errors/must.ts";
import { TorchServer } from "../../src/op-test/torch-server.ts";
import { pythonPath } from "./python.ts";

export type { TorchServer };

/** The server of a file or of what it describes: it starts before the first test there, in the Python of the tests, and stops after the last. */
export function torchServer(): () => TorchServer {
  let server: TorchServer | undefined;
  beforeAll(async () => {
    const started = await TorchServer.start(pythonPath());
    server = started;
    return () => started.stop();
  });
  return () => must(server, "PyTorch, which starts before the first test");
}
