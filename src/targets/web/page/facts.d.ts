/** What facts.js says of a model's graphs; emit.ts writes it. */
import type { PageFacts } from "../facts.ts";
export declare const facts: PageFacts;

/** What the page reads of manifest.json. */
export interface Manifest {
  readonly litevae: string;
  readonly files: Readonly<Record<string, unknown>>;
  readonly parts: Readonly<Record<string, { readonly params: number }>>;
}
