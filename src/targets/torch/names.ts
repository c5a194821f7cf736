/** Names in generated Python: of packages, classes, arguments. */
import { pythonKeywords } from "../../ir/python-names.ts";

/** What a constructor calls or counts with besides classes, and what annotations name. */
const inConstructors =
  "self super len max min sum range zip enumerate reversed sorted int float bool str list tuple dict set type id input object print i _ " +
  "nn math torch F ops Tensor Sequence Literal default_groups same_padding";

const names = (text: string): ReadonlySet<string> => new Set([...pythonKeywords, ...text.split(" ")]);

const reservedArguments = names(inConstructors);

/** What a class or a variable cannot be called: Python's words and the names that generated modules import, define or call. */
export const reservedNames: ReadonlySet<string> = names(
  `${inConstructors} Autoencoder AutoencoderBase DeterministicBase build_encoder build_decoder build_discriminator ` +
    "StagedEncoder StagedDecoder StagedDiscriminator DIFFUSERS_CONFIG KEY_RENAMES ChannelLinear EqualizedConv2d EqualizedLinear " +
    "SMCConv2d SpectralConv2d SpectralLinear attention blur haar_dwt haar_idwt minibatch_stddev",
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
