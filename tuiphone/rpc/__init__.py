"""The phone's API across a process boundary: JSON-RPC 2.0, one object a line, on a Unix socket."""
