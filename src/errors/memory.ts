import { UserError } from "./index.ts";

/** How V8, C++ libraries and onnxruntime say that memory is short. */
const outOfMemory =
  /bad_alloc|failed to allocate|out of memory|allocation failed|invalid (?:typed )?array (?:buffer )?length|could not allocate|cannot create a buffer larger/i;

/** Whether an error's message says that memory is short. */
export function isOutOfMemory(message: string): boolean {
  return outOfMemory.test(message);
}

/** What a person is told where memory was short; undefined for any other error. */
export function memoryFault(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError || !isOutOfMemory(error.message)) return undefined;
  return new UserError({
    what: "memory does not suffice",
    found: error.message.split("\n")[0],
    help: "take a smaller image or --size, or a machine with more memory",
  });
}
