/** Signals that ask an encoding to stop, or announce its end: it ends after the file that is being made. runtime/'s common/signals.py has the same. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { StoppedError } from "../errors/index.ts";

/** Those of people and init, those that schedulers send before a time limit, a terminal that is closed, a limit of CPU time. */
const names = ["SIGTERM", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGXCPU"] as const;

/** Milliseconds in which the same signal again is the same request: a scheduler signals every process, and a shell passes on its own. */
const relayed = 3000;

/** The first of them aborts; the same one again, `relayed` later, ends the process at once. What was ignored before, as SIGHUP is under nohup, stays so. */
export class StopSignals {
  readonly #abort = new AbortController();
  /** Its reason is a StoppedError. */
  readonly signal: AbortSignal = this.#abort.signal;
  readonly #first = new Map<NodeJS.Signals, number>();
  readonly #heard = names.filter((name) => name in constants.signals && !isIgnored(constants.signals[name]));

  constructor() {
    for (const name of this.#heard) process.on(name, this.#remember);
  }

  readonly #remember = (name: NodeJS.Signals): void => {
    this.#abort.abort(new StoppedError(name));
    const now = performance.now();
    const first = this.#first.get(name) ?? now;
    this.#first.set(name, first);
    // As a shell says of a process that the signal ended.
    if (now - first > relayed) process.exit(128 + constants.signals[name]);
  };

  close(): void {
    for (const name of this.#heard) process.off(name, this.#remember);
  }
}

/** Node does not say; Linux does. */
function isIgnored(signal: number): boolean {
  try {
    const [, mask] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}
