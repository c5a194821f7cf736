"""What every package that litevae generates carries as `_runtime`: training, evaluation and benchmarks."""
