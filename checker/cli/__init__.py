"""The command line: options, the run, the output, the exit code. Only here is printed or exited."""
