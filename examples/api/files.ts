import { check, compileTo, loadModel, requireVerified, verify, type CheckedModel } from "litevae/api/node";

/** Checks a model's file, compiles it, and holds its graphs against PyTorch. */
export async function released(file: string, folder: string): Promise<CheckedModel> {
  const checked = await check(file);
  await compileTo(await loadModel(file), folder, { targets: { onnx: {}, torch: {} } });
  requireVerified(await verify(folder));
  return checked;
}
