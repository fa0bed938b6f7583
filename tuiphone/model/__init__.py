"""The words of telephony: frozen values that every other part of the phone speaks in.

Standard library only. Every value can be written as JSON (see ``tuiphone.rpc.jsonrpc``).
"""
