"""Set-up of a machine: system packages and the virtual environment. Standard library only."""
