"""What all rooms share: errors, command lines, files, the folder of a run, devices."""
