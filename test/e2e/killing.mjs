/** Loaded into the command with `--import`: kills it when its file number KILLED_AT is about to get its name. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { renameSync } = fs;
let seen = 0;
fs.renameSync = (...paths) => {
  seen++;
  if (seen === Number(process.env.KILLED_AT)) process.kill(process.pid, "SIGKILL");
  renameSync(...paths);
};
syncBuiltinESMExports();
