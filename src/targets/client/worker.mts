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
    client = await createClient((await import(runtime)) as Runtime, ...others);
    return undefined;
  }
  const ask = client?.[method] as ((...args: readonly unknown[]) => Promise<unknown>) | undefined;
  if (ask === undefined) throw new Error(`${method}: the worker's client is not open`);
  return await ask(...args);
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
