import { litevae } from "litevae";
export default litevae({ variant: "S", discriminator: { kind: "stylegan", resolution: 32, channels: 24, maxChannels: 40 } });
