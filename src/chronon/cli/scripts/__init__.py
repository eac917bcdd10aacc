"""The original's three scripts, with their flags, their output and their exit codes."""
