/** The op does not keep its own word. */
export class OpFault extends Error {
  override readonly name = "OpFault";
}
