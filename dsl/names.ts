import { UserError } from "../src/errors/index.ts";
import { dictAttributes, moduleAttributes, pythonKeywords } from "../src/ir/python-names.ts";
import { placeOf, type Source } from "../src/ir/source.ts";

/** Public attributes of the generated autoencoder beyond those of a module: of the runtime's ImageAutoencoder. */
export const autoencoderAttributes: ReadonlySet<string> = new Set(
  (
    "adapt_to architecture config config_name decode decoded decoder_reach decoder_takes denormalize device diffusers_config disable_gradient_checkpointing disable_slicing " +
    "diffusers_layout disable_tiling discriminator_modules dtype enable_channels_last enable_gradient_checkpointing enable_slicing enable_tiling " +
    "encode encoder_gives encoder_reach encoder_takes encoding facts from_config from_pretrained image_channels image_sides is_gradient_checkpointing key_renames latent_channels latent_sides latent_statistics loss_terms " +
    "name normalize own_layout own_state posterior posterior_type register_to_config save_config save_pretrained stored stored_with stride tile_overlap_factor tile_sample_min_size " +
    "to_json_file to_json_string use_slicing use_tiling"
  ).split(" "),
);

/** Those that it gets when diffusers is imported, of ModelMixin and ConfigMixin. */
export const diffusersAttributes: ReadonlySet<string> = new Set(
  (
    "compile_repeated_blocks dequantize disable_npu_flash_attention disable_xformers_memory_efficient_attention " +
    "disable_xla_flash_attention enable_group_offload enable_layerwise_casting enable_npu_flash_attention " +
    "enable_xformers_memory_efficient_attention enable_xla_flash_attention extract_init_dict get_config_dict get_memory_footprint " +
    "has_compatibles ignore_for_config load_config num_parameters push_to_hub reset_attention_backend " +
    "set_attention_backend set_use_memory_efficient_attention_xformers set_use_npu_flash_attention " +
    "set_use_xla_flash_attention"
  ).split(" "),
);

/** A key of `stages` becomes an attribute of the generated autoencoder. */
export function checkStageKey(key: string, source: Source): void {
  checkLayerKey(key, source);
  if (!autoencoderAttributes.has(key) && !diffusersAttributes.has(key)) return;
  throw new UserError({
    what: `"${key}" is an attribute of the generated autoencoder`,
    where: placeOf(source),
    expected: "a name that it leaves free",
    found: key,
    help: `write ${key}_stage`,
  });
}

const layerKey = /^[a-z][a-z0-9_]*$/;

/** A key in a record of layers becomes one of torch.nn.ModuleDict: refuses what cannot be one, with a suggestion. */
export function checkMemberKey(key: string, record: string, source: Source): void {
  if (/^(0|[1-9]\d*)$/.test(key)) return;
  const taken = dictAttributes.has(key);
  if (!taken && layerKey.test(key)) {
    checkLayerKey(key, source);
    return;
  }
  throw new UserError({
    what: taken
      ? `"${key}" in ${record} is an attribute of torch.nn.ModuleDict`
      : `"${key}" in ${record} is neither a whole number nor a name in snake_case`,
    where: placeOf(source),
    expected: "a whole number such as 0, or a snake_case name that Python and torch leave free",
    found: key,
    help: taken ? `write ${key}_layer` : "write a number without sign and leading zeros, or a word such as conv_in",
  });
}

/** A key of `layers` becomes a Python attribute: refuses what cannot be one, with a suggestion. */
export function checkLayerKey(key: string, source: Source): void {
  const fail = (what: string, help: string): never => {
    throw new UserError({
      what,
      where: placeOf(source),
      expected: "a snake_case name that Python and torch leave free",
      found: key,
      help,
    });
  };
  if (!layerKey.test(key)) {
    const snake = key
      .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
      .replace(/[^A-Za-z0-9_]+/g, "_")
      .toLowerCase()
      .replace(/^[^a-z]+/, "");
    fail(`"${key}" is not a layer name in snake_case`, `write ${snake === "" ? "a word such as conv_in" : snake}`);
  }
  if (pythonKeywords.has(key)) fail(`"${key}" is a keyword of Python`, `write conv_${key}, or ${key}_layer`);
  if (key === "module") fail('"module" is what DataParallel puts before the keys of weights', "write block, or another word");
  if (key === "self") fail(`"self" is what a method of Python calls its module`, "write block, or another word");
  if (moduleAttributes.has(key)) fail(`"${key}" is an attribute of torch.nn.Module`, `write ${key}_layer`);
}
