import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { UserError } from "../errors/index.ts";
import { wholeNumber } from "./options.ts";

interface Flags {
  readonly port: number;
  readonly host: string;
}

/** What lets a page have threads: without these two, browsers give it no memory that threads share. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export function addServe(program: Command): void {
  program
    .command("serve")
    .description("serve a page that compile --target web wrote, with the headers that let it use threads")
    .argument("<dir>", "folder of the page")
    .addOption(new Option("--port <n>", "port; 0 takes any that is free").argParser(wholeNumber("--port", 0, 8080)).default(8080))
    .option("--host <name>", "name or address of this machine to listen at; 0.0.0.0 for other machines too", "localhost")
    .action(async (dir: string, { port, host }: Flags) => {
      if (!existsSync(join(dir, "index.html")))
        throw new UserError({
          what: `${dir} has no page`,
          expected: "a folder that litevae compile MODEL --target web -o DIR wrote",
          found: existsSync(dir) ? "no index.html in it" : "no folder",
          help: "compile with --target web first",
        });
      const { default: sirv } = await import("sirv");
      const files = sirv(dir, {
        dev: true,
        setHeaders: (response) => {
          for (const [name, value] of Object.entries({ ...isolation, "Cache-Control": "no-cache" }))
            response.setHeader(name, value);
        },
      });
      const server = createServer((request, response) => {
        files(request, response, () => {
          response.writeHead(404).end("not found");
        });
      });
      await new Promise<void>((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) => {
          const taken = error.code === "EADDRINUSE";
          reject(
            new UserError({
              what: `cannot listen at ${host}:${port}`,
              found: taken ? "another program listens there" : error.message,
              help: taken ? "give another --port, or --port 0 for any that is free" : "give a --host of this machine",
            }),
          );
        });
        server.listen(port, host, resolve);
      });
      const address = server.address();
      const actual = typeof address === "object" && address !== null ? address.port : port;
      process.stdout.write(`http://${host}:${actual}/\n`);
      process.stderr.write("Ctrl-C ends it\n");
      await new Promise(() => undefined);
    });
}
