/** YOLOv10-N as it detects: with its one-to-one head alone. yolov10n.ts says what comes out. */
import { network } from "litevae/dsl";
import { YOLOv10N } from "./yolov10n.ts";

export default network({ inputs: [{ name: "image", channels: 3 }], block: YOLOv10N({ classes: 80, training: false }) });
