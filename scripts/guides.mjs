/** What a guide shows: files, and commands with what they print. The tests run it, and `npm run tutorial` draws the tutorial's images of it. */

/** Blocks that name a file, and those that begin with a command of the command line or of a package, in their order. */
export function guideOf(text) {
  const files = [...text.matchAll(/^```(?:ts|python) file=(\S+)\n(.*?)^```$/gms)].map(([, name, code]) => ({ name, code }));
  const consoles = [...text.matchAll(/^```\w*\n\$ (npx litevae|python -m) ([^\n]*)\n(.*?)^```$/gms)].map(
    ([, program, command, shown]) => ({ program: program.split(" ")[0], args: command.split(/\s+/), shown }),
  );
  return { files, consoles };
}

/** The folders into which these commands compile packages, which Python is to find there. */
export function packagesOf(consoles) {
  const compiled = consoles.filter(
    ({ program, args }) => program === "npx" && args.some((arg) => arg.split(",").includes("torch")),
  );
  return compiled.map(({ args }) => args[args.indexOf("-o") + 1]);
}

/** Every fenced block: the line that opens it, its kind, what else stands on that line, and what is in it. */
export function blocksOf(text) {
  return [...text.matchAll(/^```(\w*) ?([^\n]*)\n(.*?)^```$/gms)].map(({ index, 1: kind, 2: rest, 3: code }) => ({
    line: text.slice(0, index).split("\n").length,
    kind,
    rest,
    code,
  }));
}

/** The commands of a block of kind `sh`, in words; `a && b` is two, and what follows # is said about them. Where output is sent to a file is left out. */
export function commandsOf(code) {
  return code
    .split(/\n| && /)
    .map((line) =>
      line
        .replace(/\s+#.*/, "")
        .replace(/\s+>>? \S+/, "")
        .trim(),
    )
    .filter((line) => line !== "");
}
