/** The continuous image tokenizer of Cosmos (NVIDIA 2025, arXiv:2501.03575), 8 times smaller: two levels of the Haar transform before a KL encoder's layers, without a distribution. */
import { cosmosTokenizer } from "litevae";

export default cosmosTokenizer({ stride: 8 });
