"""What long work of many processes shares: the folder that it holds, its device, what is decided together."""
