/** Linear maps of the channels. */
import { ops } from "../../src/ops/index.ts";
import type { Feature, Tokens, Vector } from "../feature.ts";
import { layer } from "../tracing/record.ts";

/** A linear map of the channels: of a vector, or at every position of a feature map or token sequence. */
export interface Linear<I extends number, O extends number> {
  (x: Vector<I>): Vector<O>;
  (x: Tokens<I>): Tokens<O>;
  <S extends number>(x: Feature<I, S>): Feature<O, S>;
}

export interface LinearConfig<I extends number, O extends number> {
  /** Channels of the input. */
  readonly in: I;
  /** Channels of the output. */
  readonly out: O;
  /** Whether a learned number is added to every output channel. Default: true. */
  readonly bias?: boolean;
}

/** Linear map of the channels; the weight is [out, in]. */
export function linear<const I extends number, const O extends number>(config: LinearConfig<I, O>): Linear<I, O> {
  return layer(ops.linear, config, linear, arguments);
}

/** Linear map with spectral normalisation, of a vector. */
export function spectralLinear<const I extends number, const O extends number>(
  config: LinearConfig<I, O>,
): (x: Vector<I>) => Vector<O> {
  return layer(ops.spectralLinear, config, spectralLinear, arguments);
}

/** Linear map of the channels with an equalised learning rate (Karras et al. 2018), for discriminators. */
export function equalizedLinear<const I extends number, const O extends number>(config: LinearConfig<I, O>): Linear<I, O> {
  return layer(ops.equalizedLinear, config, equalizedLinear, arguments);
}
