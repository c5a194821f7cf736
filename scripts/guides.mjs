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
