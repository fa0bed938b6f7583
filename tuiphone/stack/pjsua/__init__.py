"""The real SIP stack, on pjsua2. Importing this does not load pjsua2: ``PjsuaStack.start`` does."""

from tuiphone.stack.pjsua.stack import PjsuaStack

__all__ = ["PjsuaStack"]
