"""Speed and memory of the encoder and the decoder."""
