"""Speed and size of the phone, measured beside its peers: ``python -m bench``. docs/bench.md describes the method."""
