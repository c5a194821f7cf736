import { UserError } from "./index.ts";
import { must } from "./must.ts";

/** The optional peers of package.json, and what each is for. */
const optional: Readonly<Record<string, string>> = {
  "onnxruntime-node": "graphs run in onnxruntime-node",
  "onnxruntime-web": "pages carry onnxruntime-web",
  sharp: "images are read with sharp",
};

/** What a person is told where an optional package is not installed; undefined for any other error. */
export function missingPackage(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const name = Object.keys(optional).find((each) => error.message.includes(`package '${each}'`));
  return name === undefined ? undefined : notInstalled(name);
}

/** Of one of the optional peers. */
export function notInstalled(name: string): UserError {
  return new UserError({ what: `${must(optional[name], name)}, which is not installed`, help: `npm install ${name}` });
}
