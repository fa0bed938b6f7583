"""The part of the configuration that a stack needs."""

from __future__ import annotations

from tuiphone.config.schema import Config
from tuiphone.controller.codecs import codec_settings_of
from tuiphone.controller.devices import processing_of
from tuiphone.controller.ports import StackSettings
from tuiphone.controller.ringing import ring_files


def stack_settings(config: Config, log_file: str = "") -> StackSettings:
    """``log_file``: where the stack's own log goes; empty: nowhere."""
    network, audio = config.network, config.audio
    return StackSettings(
        user_agent=network.user_agent,
        bind_address=network.bind_address,
        public_address=network.public_address,
        udp_port=network.udp_port,
        tcp_port=network.tcp_port,
        tls_port=network.tls_port,
        tls_ca_file=network.tls_ca_file,
        tls_cert_file=network.tls_cert_file,
        tls_key_file=network.tls_key_file,
        rtp_port_min=network.rtp_port_min,
        rtp_port_max=network.rtp_port_max,
        dscp_sip=network.dscp_sip,
        dscp_rtp=network.dscp_rtp,
        dns_servers=network.dns_servers,
        codecs=audio.codecs,
        codec_settings=codec_settings_of(config.codecs),
        max_calls=config.phone.max_lines + 2,
        null_audio=audio.null_audio,
        release_after_s=audio.release_ms / 1000,
        sound_system=audio.sound_system,
        processing=processing_of(audio),
        echo_tail_ms=audio.echo_tail_ms,
        jitter_initial_ms=audio.jitter_initial_ms,
        jitter_min_ms=audio.jitter_min_ms,
        jitter_max_ms=audio.jitter_max_ms,
        vad=audio.vad,
        comfort_noise=audio.comfort_noise,
        ring_files=ring_files(config),
        # At level 5 the library logs whole messages, with digests and SRTP keys in them.
        log_level={"error": 1, "warning": 2, "info": 3, "debug": 4}[config.log.level],
        log_file=log_file,
    )
