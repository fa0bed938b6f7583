"""Configuration: the user's config.toml, the phone's own settings.toml, passwords.

``schema`` declares every key once; ``load`` reads and merges, ``save`` persists, ``passwords`` finds passwords.
"""
