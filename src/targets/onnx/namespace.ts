/** Unique, deterministic names: a taken name gets _1, _2, … */
export class Namespace {
  readonly #taken = new Map<string, number>();

  claim(name: string): string {
    const count = this.#taken.get(name);
    this.#taken.set(name, (count ?? 0) + 1);
    if (count === undefined) return name;
    return this.claim(`${name}_${count}`);
  }
}

/** `encoder.extractors.0.conv_in` → `encoder/extractors.0/conv_in`: indices stay with their list, so that viewers group by module. */
export function nodePath(path: string): string {
  return path.replace(/\.(?!\d+(?:\.|$))/g, "/");
}
