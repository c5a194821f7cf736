/** Names in generated Python: of packages, classes, arguments. */
import { pythonKeywords } from "../../ir/python-names.ts";

/** What a constructor calls or counts with besides classes, and what annotations name. */
const inConstructors =
  "self super len max min sum range zip enumerate reversed sorted int float bool str list tuple dict set type id input object print i _ " +
  "nn math torch F ops Tensor Sequence Literal default_groups same_padding parameter";

/** What the runtime's nn/layers exports: model.py imports of it what it uses. */
export const layerNames: readonly string[] = (
  "ChannelLayerNorm ChannelLinear ChannelRMSNorm EqualizedConv2d EqualizedLinear SMCConv2d Snake SpectralConv2d SpectralLinear " +
  "StochasticDepth VectorQuantizer add_loss_terms at_least_float32 attention blur default_groups fsq grouped_chunk grouped_split haar_dwt " +
  "haar_idwt lfq linear_attention loss_terms matmul " +
  "minibatch_stddev parameter quick_gelu relative_position_bias resize_to round_ste same_padding tokens untokens window_attention " +
  "without_power_iteration"
).split(" ");

const names = (text: string): ReadonlySet<string> => new Set([...pythonKeywords, ...text.split(" ")]);

const reservedArguments = names(inConstructors);

/** What a class or a variable cannot be called: Python's words and the names that generated modules import, define or call. */
export const reservedNames: ReadonlySet<string> = names(
  `${inConstructors} Autoencoder AutoencoderBase DeterministicBase build_encoder build_decoder build_discriminator ` +
    `StagedEncoder StagedDecoder StagedDiscriminator DIFFUSERS_CONFIG KEY_RENAMES ${layerNames.join(" ")}`,
);

/** Text inside of a docstring. */
export function prose(text: string): string {
  return text.replace(/["\\\p{Cc}]/gu, "_");
}

/** A configuration key as the name of a Python argument; `in` and `out` are what torch calls in_channels and out_channels. */
export function argumentName(key: string): string {
  const channels: Readonly<Record<string, string>> = { in: "in_channels", out: "out_channels" };
  const snake = snakeCase(key);
  return channels[key] ?? (reservedArguments.has(snake) ? `${snake}_` : snake);
}

/** The name of an input as that of an argument of forward. */
export function inputName(key: string): string {
  const snake = snakeCase(key);
  return reservedNames.has(snake) ? `${snake}_` : snake;
}

function snakeCase(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^(?=\d|$)/, "n");
}

/** `conv_shortcut` → `ConvShortcut`. */
export function camel(key: string): string {
  return key.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The model's name as a Python module: letters, digits and underscores. */
export function packageName(model: string): string {
  const name = model
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return `litevae_${name === "" ? "model" : name}`;
}

/** The name, or with a number behind it where it is taken. */
export function unused(name: string, taken: ReadonlySet<string | undefined>): string {
  if (!taken.has(name)) return name;
  let i = 2;
  while (taken.has(`${name}${i}`)) i++;
  return `${name}${i}`;
}
