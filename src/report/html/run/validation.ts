/** Which images a run validates on. */
import { isObject, type Json } from "./read.ts";

/** In words, from the recipe; the trainer chooses by the same fields. */
export function validationImages(recipe: Json | undefined): string {
  const data = recipe?.["data"];
  const { validation_folder: folder, validation_share: share } = isObject(data) ? data : {};
  if (typeof folder === "string") return "images of data.validation_folder";
  if (share === 0) return "training images (data.validation_share is 0)";
  return typeof share === "number" ? "held-back images" : "the validation images";
}
