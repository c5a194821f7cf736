/** An encoder of the paper's ablations: NAFNet's blocks extract the features of the levels below the image's own, a transformer aggregates them (docs/ablations.md). */
import { litevae } from "litevae";

export default litevae({
  variant: "S",
  encoder: { extractor: "nafnet", aggregator: "vit", levels: [2, 3] },
  decoder: { norm: "smc" },
  output: "wavelet",
});
