/** The numbers that stand in code. */

const literal = String.raw`(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?`;
const literals = new RegExp(String.raw`(?<![\w.$])${literal}(?![\w.])`, "gi");
/** Where nothing before or behind binds stronger: `4 * 64`, not the end of `channels / 4 * 64`. */
const computed = new RegExp(
  String.raw`(?<=(?:^|[([{,:;=<>?&|!]|\breturn)\s*)${literal}(?:\s*(?:\*\*|[*/+-])\s*${literal})+(?!\s*(?:[\w.$%(*/]))`,
  "gi",
);

const whole = new RegExp(String.raw`^${literal}(?:\s*(?:\*\*|[*/+-])\s*${literal})*$`, "i");

/** Each number once, and each that is computed of these alone. */
export function literalsIn(code: string): readonly number[] {
  const found = [...code.matchAll(literals)].map(([text]) => valueOf(text));
  const results = [...code.matchAll(computed)].map(([text]) => resultOf(text));
  return [...new Set([...found, ...results])].filter(Number.isFinite);
}

/** The number that an expression is; undefined where it takes more than numbers. */
export function numberOf(expression: string): number | undefined {
  const text = expression.trim();
  return whole.test(text) ? resultOf(text) : undefined;
}

function valueOf(text: string): number {
  return Number(text.replaceAll("_", ""));
}

function resultOf(expression: string): number {
  const tokens = [...expression.matchAll(new RegExp(String.raw`${literal}|\*\*|[*/+-]`, "gi"))].map(([text]) => text);
  let values = tokens.map((token, i) => (i % 2 === 0 ? valueOf(token) : token));
  // What binds strongest first.
  for (const level of [["**"], ["*", "/"], ["+", "-"]]) {
    values = values.reduce<(number | string)[]>((before, value, i) => {
      const operator = before.at(-1);
      if (i % 2 === 1 || typeof operator !== "string" || !level.includes(operator)) return [...before, value];
      return [...before.slice(0, -2), applied(operator, before.at(-2) as number, value as number)];
    }, []);
  }
  return values[0] as number;
}

function applied(operator: string, left: number, right: number): number {
  switch (operator) {
    case "**":
      return left ** right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "+":
      return left + right;
    default:
      return left - right;
  }
}
