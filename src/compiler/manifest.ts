/** manifest.json: what a compiled folder is, and every file in it. */
import type { Facts } from "./compile.ts";

export const manifestName = "manifest.json";

export interface FileEntry {
  /** Its size. */
  readonly bytes: number;
  /** Of its bytes. */
  readonly sha256: string;
}

/** The one batch, height and width of images that graphs are for. */
export type FixedSize = readonly [batch: number, height: number, width: number];

export interface Manifest extends Facts {
  /** Of graphs; absent where there are none. */
  readonly onnx?: { readonly opset: number; readonly ir_version: number; readonly for: string; readonly fixed?: FixedSize };
  /** Only of float16 graphs; others are float32. */
  readonly precision?: "fp16";
  /** What the float16 graphs were calibrated on, and how far each is from its float32 graph there. */
  readonly calibration?: {
    readonly images: number;
    readonly parts: Readonly<
      Record<string, { readonly nodes: number; readonly float32_nodes: number; readonly worst_error: number }>
    >;
  };
  /** Every file but this one, by its path in the folder. */
  readonly files: Readonly<Record<string, FileEntry>>;
}

/** Its text, for a folder with these files. */
export function manifestText(facts: Facts, files: Iterable<readonly [name: string, entry: FileEntry]>): string {
  const sorted = Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...facts, files: sorted }, null, 2)}\n`;
}
