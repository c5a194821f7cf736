/**
 * The built command line in a process that stays: a new one spends seconds on what a second command has already, TypeScript and compiled code. Each
 * line of stdin is a command as JSON, [arguments, folder, environment]; its exit code and what it printed come back as a line on the descriptor
 * that the second argument names.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , command, answers] = process.argv;

async function finished([args, folder, environment], number) {
  const { stdout, stderr } = process;
  const printed = ["", ""];
  const writes = [stdout.write, stderr.write];
  const keep = (at) => (text, encoding, done) => {
    printed[at] += typeof text === "string" ? text : Buffer.from(text).toString();
    [encoding, done].find((each) => typeof each === "function")?.();
    return true;
  };
  [stdout.write, stderr.write] = [keep(0), keep(1)];
  process.argv = [process.execPath, command, ...args];
  process.chdir(folder);
  process.env = environment;
  process.exitCode = 0;
  try {
    // Another address is another start of what stands in the file; the chunks that it imports are loaded once.
    await import(`file://${command}?${number}`);
    return [process.exitCode, ...printed];
  } finally {
    [stdout.write, stderr.write] = writes;
    process.exitCode = 0;
  }
}

let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  writeSync(Number(answers), `${JSON.stringify(await finished(JSON.parse(line), ++number))}\n`);
}
