"""SIP stacks behind one port (``tuiphone.controller.ports.SipStack``): ``pjsua`` for real, ``fake`` for tests."""
