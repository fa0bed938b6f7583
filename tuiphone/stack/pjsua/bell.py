"""A second output device, for ringing: opened for playing only.

pjsua2's own ExtraAudioDevice opens a microphone with it, and a device that does not open ends the whole process there
(its ``open`` throws through a wrapper that declares no exceptions). So this calls the C functions beneath it.
"""

from __future__ import annotations

import ctypes

import pjsua2 as pj

from tuiphone.stack.pjsua.convert import plain

_PARAM_BYTES = 4096
"""More than sizeof(pjmedia_snd_port_param) of any release; the library itself fills in what is not set here."""
_PLAYBACK = 2
_INVALID = -3


class _AudioParam(ctypes.Structure):
    """The beginning of pjmedia_aud_param (pjmedia-audiodev/audiodev.h), with which pjmedia_snd_port_param begins."""

    _fields_ = (
        ("dir", ctypes.c_int),
        ("rec_id", ctypes.c_int32),
        ("play_id", ctypes.c_int32),
        ("clock_rate", ctypes.c_uint),
        ("channel_count", ctypes.c_uint),
        ("samples_per_frame", ctypes.c_uint),
        ("bits_per_sample", ctypes.c_uint),
    )


class BellError(Exception):
    """The device does not open; the text is the driver's."""


class Bell:
    """An open device; raises BellError when it does not open."""

    def __init__(self, lib: ctypes.CDLL, index: int, clock_hz: int) -> None:
        self._lib = lib
        self._device = ctypes.c_void_p()
        storage = ctypes.create_string_buffer(_PARAM_BYTES)
        lib.pjmedia_snd_port_param_default(storage)
        _check(lib.pjmedia_aud_dev_default_param(ctypes.c_int32(index), storage))
        param = _AudioParam.from_buffer(storage)
        param.dir, param.rec_id, param.play_id = _PLAYBACK, _INVALID, index
        param.clock_rate, param.channel_count = clock_hz, 1
        param.samples_per_frame, param.bits_per_sample = clock_hz // 50, 16
        _check(lib.pjsua_ext_snd_dev_create(storage, ctypes.byref(self._device)))
        self._port = int(lib.pjsua_ext_snd_dev_get_conf_port(self._device))

    def sound(self, source: pj.AudioMedia) -> None:
        """Let a source be heard."""
        self._lib.pjsua_conf_connect(source.getPortId(), self._port)

    def close(self) -> None:
        """Give the device back."""
        device, self._device = self._device, ctypes.c_void_p()
        if device:
            self._lib.pjsua_ext_snd_dev_destroy(device)


def _check(status: int) -> None:
    if status:
        raise BellError(plain(pj.Endpoint.instance().utilStrError(status)))
