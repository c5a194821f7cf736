/** The worker of `createWorkerClient`: opens a client of the graphs beside it and does what it is asked; written by litevae. */
import { createClient, type Client, type ClientOptions, type Runtime, type Sources, type WorkerAnswer } from "./template.mts";

/** What is used of a worker's global scope. */
interface Scope {
  addEventListener(type: "message", listener: (event: { readonly data: Asked }) => void): void;
  postMessage(message: WorkerAnswer, transfer: readonly ArrayBuffer[]): void;
}

interface Asked {
  readonly id: number;
  readonly method: "open" | keyof Client;
  readonly args: readonly unknown[];
}

const scope = globalThis as unknown as Scope;
let client: Client | undefined;

async function answered({ method, args }: Asked): Promise<unknown> {
  if (method === "open") {
    const [runtime, ...others] = args as [string, Sources, object, ClientOptions];
    client = await createClient(await runtimeAt(runtime), ...others);
    return undefined;
  }
  const ask = client?.[method] as ((...args: readonly unknown[]) => Promise<unknown>) | undefined;
  if (ask === undefined) throw new Error(`${method}: the worker's client is not open`);
  return await ask(...args);
}

async function runtimeAt(address: string): Promise<Runtime> {
  // Resolved here: import() reads "ort.mjs" as the name of a package.
  const url = new URL(address, import.meta.url).href;
  const found = (await import(url).catch((cause: unknown) => {
    throw new Error(`createWorkerClient: onnxruntime-web could not be loaded from ${url}: ${String(cause)}`, { cause });
  })) as Partial<Runtime>;
  if (found.InferenceSession !== undefined) return found as Runtime;
  throw new Error(`createWorkerClient: ${address} is not an ES module of onnxruntime-web: use ort.webgpu.bundle.min.mjs`);
}

/** The memory of all arrays in a result: handed over, where copies would double it. */
function buffersIn(value: unknown): readonly ArrayBuffer[] {
  if (value instanceof Float32Array) return [value.buffer as ArrayBuffer];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}

scope.addEventListener("message", ({ data }) => {
  answered(data).then(
    (result) => {
      scope.postMessage({ id: data.id, result }, [...new Set(buffersIn(result))]);
    },
    (error: unknown) => {
      scope.postMessage({ id: data.id, error }, []);
    },
  );
});
