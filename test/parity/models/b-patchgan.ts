import { litevae } from "litevae";
export default litevae({ variant: "B", discriminator: { kind: "patchgan" } });
