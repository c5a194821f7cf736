/** A Python for programs that import torch: it starts in a hundredth of the two seconds that the import takes. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll } from "vitest";
import { must } from "../../src/errors/must.ts";
import { pythonPath } from "./python.ts";

const server = fileURLToPath(new URL("./warm_python.py", import.meta.url));

/**
 * What a file starts in the place of `python`, as `[-B] FILE ARGUMENTS…` or `[-B] -c CODE ARGUMENTS…`: a launcher that hands the program to a process
 * which imports torch before the first test, forks for every program and ends after the last test.
 */
export function warmPython(): () => string {
  let path: string | undefined;
  beforeAll(async () => {
    const started = await start();
    path = started.path;
    return started.stop;
  });
  return () => must(path, "Python, which starts before the first test");
}

async function start(): Promise<{ readonly path: string; readonly stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "litevae-warm-"));
  const [socket, path] = [join(folder, "socket"), join(folder, "python")];
  const child = spawn(pythonPath(), [server, socket], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${server} ended with ${code}`)));
  });
  const launcher = `#!${pythonPath()} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(${JSON.stringify(socket)})
    request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(request)
    code = server.recv(1)
sys.exit(code[0] if code else "ended without an exit code")
`;
  writeFileSync(path, launcher);
  chmodSync(path, 0o755);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { path, stop };
}
