/** A network that is no autoencoder: it takes an image and a mask at half of its size, and gives boxes at two strides and a class for the whole. */
import {
  add,
  block,
  concat,
  conv2d,
  globalPool,
  groupNorm,
  layers,
  linear,
  network,
  silu,
  upsample,
  type Feature,
} from "litevae/dsl";

const Down = block("Down", <C extends number, D extends number>({ channels, out }: { channels: C; out: D }) => {
  const { conv, norm } = layers({
    conv: conv2d({ in: channels, out, kernel: 3, stride: 2, padding: 1 }),
    norm: groupNorm({ channels: out, groups: 4 }),
  });
  return <S extends number>(x: Feature<C, S>) => silu(norm(conv(x)));
});

const Detector = block("Detector", ({ classes }: { classes: number }) => {
  const { stem, down, deep, lateral, fine, coarse, classifier } = layers({
    stem: Down({ channels: 3, out: 16 }),
    down: Down({ channels: 17, out: 32 }),
    deep: Down({ channels: 32, out: 32 }),
    lateral: conv2d({ in: 32, out: 32, kernel: 1 }),
    fine: conv2d({ in: 32, out: 4 }),
    coarse: conv2d({ in: 32, out: 4 }),
    classifier: linear({ in: 32, out: classes }),
  });
  return (image: Feature<3, 1>, mask: Feature<1, 2>) => {
    const near = down(concat(stem(image), mask));
    const far = deep(near);
    return {
      fine: fine(add(near, upsample(lateral(far), { factor: 2 }))),
      coarse: coarse(far),
      logits: classifier(globalPool(far, { reduction: "mean" })),
    };
  };
});

export default network({
  inputs: [
    { name: "image", channels: 3 },
    { name: "mask", channels: 1, stride: 2 },
  ],
  block: Detector({ classes: 10 }),
});
