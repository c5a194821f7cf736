export interface GuideConsole {
  readonly program: "npx" | "python";
  /** What follows `npx litevae`, or `python -m`. */
  readonly args: readonly string[];
  /** What the guide shows below the command; … stands for what is left out. */
  readonly shown: string;
}

export function guideOf(text: string): {
  readonly files: readonly { readonly name: string; readonly code: string }[];
  readonly consoles: readonly GuideConsole[];
};

export function packagesOf(consoles: readonly GuideConsole[]): readonly string[];

export interface Block {
  /** The line that opens it, from 1. */
  readonly line: number;
  readonly kind: string;
  /** What stands behind the kind, such as `file=model.ts`. */
  readonly rest: string;
  readonly code: string;
}

export function blocksOf(text: string): readonly Block[];

export function commandsOf(code: string): readonly string[];
