/** A parsed config.json, ours or diffusers', before anybody has asked whether its values are right. */
export type Settings = Readonly<Record<string, unknown>>;

/** What diffusers keeps with weights besides the numbers of their latents. */
export const carriedSettings = ["force_upcast", "sample_size"] as const;

/** Those of a folder. */
export interface CarriedSettings extends Readonly<Partial<Record<(typeof carriedSettings)[number], boolean | number>>> {
  /** Whether its decoder is to run in float32. */
  readonly force_upcast?: boolean | number;
  /** Side of the images that it was trained on. */
  readonly sample_size?: boolean | number;
}

/** Where config.json is diffusers', what its own class does not know lies under a key that it passes over. */
export const ownSettings = "_litevae";

export function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Config.json's settings on one level, ours before diffusers'. */
export function flatConfig(config: Settings): Settings {
  const { [ownSettings]: own, ...rest } = config;
  return isSettings(own) ? { ...rest, ...own } : rest;
}

/** Whether config.json is in diffusers' layout. */
export function isDiffusers(config: Settings): boolean {
  return "_class_name" in config;
}

/** The model that a parsed config.json says it is of. */
export function modelOf(config: unknown): string | undefined {
  const model = isSettings(config) ? flatConfig(config)["model"] : undefined;
  return typeof model === "string" ? model : undefined;
}
