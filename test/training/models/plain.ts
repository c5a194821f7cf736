/** The tiny model without dropout, whose noise differs between processes. */
import { tiny } from "./tiny.ts";

export default tiny(0);
