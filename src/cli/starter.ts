/** The files of a project that `litevae init` writes. */

/** What npm runs in it, by its names. */
export const scripts: Readonly<Record<string, string>> = {
  check: "litevae check model.ts",
  summary: "litevae summary model.ts",
  compare: "litevae compare model.ts nano",
  compile: "litevae compile model.ts -o out/model --target onnx,torch",
};

/** What an editor needs to mark what `litevae check` does: files import one another by their own names. */
export const compilerOptions = {
  target: "es2023",
  module: "nodenext",
  types: [],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
};

/** What git is to leave alone. */
export const ignored = ["node_modules/", "out/"];

/** The files by their names, of a project of this name that finds litevae there. */
export function starterFiles(name: string, litevae: string): Readonly<Record<string, string>> {
  return {
    "model.ts": model,
    "package.json": json({ name, private: true, type: "module", scripts, dependencies: { litevae } }),
    "tsconfig.json": json({ compilerOptions, include: ["*.ts", "recipes/*.ts"] }),
    ".gitignore": ignored.map((each) => `${each}\n`).join(""),
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const model = `/**
 * An autoencoder of wavelets: the Haar transform makes bands of the image at a half, a quarter and an eighth of its sides, which lose nothing together,
 * and small networks do the rest.
 */
import { add, block, concat, conv2d, groupNorm, haarDwt, haarIdwt, layers, model, silu, type Feature } from "litevae/dsl";

const Res = block("Res", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels, groups: 8 }), conv: conv2d({ in: channels, out: channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

/** The bands of all three levels become the moments of the latent: 12 means, then 12 log-variances. */
const Encoder = block("Encoder", ({ depth }: { depth: number }) => {
  const { fine, middle, coarse, res, head } = layers({
    fine: conv2d({ in: 12, out: 16, kernel: 4, stride: 4 }),
    middle: conv2d({ in: 12, out: 16, kernel: 2, stride: 2 }),
    coarse: conv2d({ in: 12, out: 32 }),
    res: Array.from({ length: depth }, () => Res({ channels: 64 })),
    head: conv2d({ in: 64, out: 24 }),
  });
  return (image: Feature<3, 1>): Feature<24, 8> => {
    const level1 = haarDwt(image, { scale: 0.5 });
    const level2 = haarDwt(level1.low, { scale: 0.5 });
    const level3 = haarDwt(level2.low, { scale: 0.5 });
    let x = concat(fine(level1.bands), middle(level2.bands), coarse(level3.bands));
    for (const each of res) x = each(x);
    return head(x);
  };
});

/** The latent becomes bands of bands, which three inverse transforms make an image of; what they are scaled by, the layer before them learns. */
const Decoder = block("Decoder", ({ depth }: { depth: number }) => {
  const { stem, res, head } = layers({
    stem: conv2d({ in: 12, out: 64 }),
    res: Array.from({ length: depth }, () => Res({ channels: 64 })),
    head: conv2d({ in: 64, out: 192 }),
  });
  return (latent: Feature<12, 8>): Feature<3, 1> => {
    let x = stem(latent);
    for (const each of res) x = each(x);
    return haarIdwt(haarIdwt(haarIdwt(head(x))));
  };
});

export default model({ latentChannels: 12, encoder: Encoder({ depth: 2 }), decoder: Decoder({ depth: 4 }) });
`;
