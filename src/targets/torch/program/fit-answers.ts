/** What a fitter has found already: attributes of one member mostly follow alike, and each is asked for on its own. */
export class Answers {
  readonly #known = new Map<string, unknown>();

  /** The answer to a question about these values, looked for once; one name stands for one kind of answer. */
  once<T>(question: string, values: readonly unknown[], answer: () => T): T {
    const key = `${question} ${textOf(values)}`;
    if (this.#known.has(key)) return this.#known.get(key) as T;
    const found = answer();
    this.#known.set(key, found);
    return found;
  }
}

/** Other values have another text. */
function textOf(values: readonly unknown[]): string {
  const text = JSON.stringify(values);
  // What is missing is null there, and so is what is no number.
  const told = (_: string, value: unknown): unknown =>
    value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? { is: String(value) } : value;
  return text.includes("null") ? JSON.stringify(values, told) : text;
}
