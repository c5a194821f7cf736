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
