# The extension module beneath pjsua2.py: only its file is of interest.
