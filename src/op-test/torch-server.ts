/** PyTorch in a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { installation } from "../ir/installation.ts";
import { bytesOf, type DType, type Tensor } from "../ir/tensor.ts";

/** Values in float64. */
export interface Reference {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A parameter or buffer as the module has it. */
export interface StateEntry {
  readonly role: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface Evaluation {
  readonly outputs: readonly Reference[];
  /** What torch's own counter counts: two for a multiply-accumulate. */
  readonly flops: number;
  /** Bytes that autograd keeps of a call in training, of what each image adds, in float32; 0 where they were not asked for. */
  readonly saved: number;
  readonly parameters: readonly StateEntry[];
  readonly buffers: readonly StateEntry[];
}

/** What else a request says. */
export interface Asked {
  /** Asks for `saved`. */
  readonly saves?: boolean;
  /** Files of Python whose names an expression has behind `ops`: the paths by the modules that they are. */
  readonly files?: Readonly<Record<string, string>>;
}

const program = fileURLToPath(new URL("src/op-test/torch_server.py", installation));

type State = Readonly<Record<string, Tensor>>;

export class TorchServer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  #errors = "";

  /** Resolves once PyTorch is loaded in this Python. */
  static async start(python: string): Promise<TorchServer> {
    const server = new TorchServer(python);
    await server.expression("torch.zeros(())", []);
    return server;
  }

  private constructor(python: string) {
    this.#process = spawn(python, ["-B", program]);
    this.#process.stderr.on("data", (text: Buffer) => {
      this.#errors += text.toString();
    });
    this.#process.stdin.on("error", () => undefined);
    this.#process.on("close", (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`Python ended with ${code}\n${this.#errors}`));
    });
    // Answers come in the order of the requests.
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
  }

  /** Builds a module and applies it in eval mode, in float64; `state` has to be its whole state_dict. */
  module(call: string, inputs: readonly Tensor[], state: State = {}, asked: Asked = {}): Promise<Evaluation> {
    return this.#ask({ module: call, inputs: inputs.map(encode), state: mapValues(state, encode), ...asked });
  }

  /** Evaluates an expression over x0, x1, … in float64. */
  expression(expression: string, inputs: readonly Tensor[], asked: Asked = {}): Promise<Evaluation> {
    return this.#ask({ expression, inputs: inputs.map(encode), ...asked });
  }

  /** Runs a part of a generated model.py in eval mode, in float64; `state` has to be the whole state_dict of what holds it. */
  part(source: string, part: string, inputs: readonly Tensor[], state: State): Promise<Evaluation> {
    return this.#ask({ source, part, inputs: inputs.map(encode), state: mapValues(state, encode) });
  }

  stop(): void {
    this.#process.stdin.end();
  }

  async #ask(request: object): Promise<Evaluation> {
    if (this.#process.exitCode !== null) throw new Error(`Python has ended with ${this.#process.exitCode}\n${this.#errors}`);
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ files: {}, ...request })}\n`);
    });
    const answer = JSON.parse(line) as { error: string } | (Omit<Evaluation, "outputs"> & { outputs: Encoded[] });
    if ("error" in answer) throw new Error(answer.error);
    return { ...answer, outputs: answer.outputs.map(decode) };
  }
}

interface Encoded {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: string;
}

function encode(tensor: Tensor): Encoded {
  const dtype: DType = tensor.data instanceof Float32Array ? "float32" : "int64";
  const { buffer, byteOffset, byteLength } = bytesOf(tensor);
  return { shape: tensor.shape, dtype, data: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
}

function decode({ shape, data }: Encoded): Reference {
  return { shape, data: new Float64Array(Uint8Array.from(Buffer.from(data, "base64")).buffer) };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
