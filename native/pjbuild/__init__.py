"""The native build: pjsua2 with tuiphone's helper as a wheel, out of a cache.

Standard library only: it runs before any virtual environment exists.
"""
