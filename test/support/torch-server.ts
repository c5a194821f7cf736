/** PyTorch in a process of its own, one per test file. */
import { TorchServer as Server } from "../../src/op-test/torch-server.ts";
import { pythonPath } from "./python.ts";

export type TorchServer = Server;

/** In the Python of the tests. */
export const TorchServer = { start: (): Promise<Server> => Server.start(pythonPath()) };
