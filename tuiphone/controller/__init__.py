"""State and rules of the phone: accounts, calls, devices, history. One asyncio thread, no SIP stack, no screen."""
