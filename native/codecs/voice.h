/* What a voice codec of WebRTC's has to tell so that voice.c can present it to pjmedia. */
#ifndef TUIPHONE_VOICE_H
#define TUIPHONE_VOICE_H

#include <pjmedia/codec.h>
#include <pjmedia/endpoint.h>

typedef struct voice voice;

typedef struct voice_kind {
    const char *name;
    unsigned clock_rate;
    unsigned pt;
    unsigned frame_ms;
    unsigned avg_bps;
    unsigned max_bps;
    /* Bytes of the largest packet that holds one or two frames. */
    unsigned max_packet;
    /* The fmtp of our offers, or NULL. */
    const char *fmtp_name;
    const char *fmtp_value;

    /* Makes encoder and decoder; may change the frame length in the parameters. */
    pj_status_t (*open)(voice *v, pjmedia_codec_param *param);
    void (*close)(voice *v);
    /* Frames that a packet holds, 0 if it is none of ours. *step is the offset from one to
     * the next, or 0 when only the whole packet can be decoded; *size is a frame's size. */
    unsigned (*split)(voice *v, const void *packet, unsigned length, unsigned *step,
                      unsigned *size);
    /* Returns bytes written, below 0 on failure. */
    int (*encode)(voice *v, const pj_int16_t *pcm, unsigned samples, pj_uint8_t *out,
                  unsigned room);
    /* Writes exactly one frame of samples. index is the frame's place in its packet. */
    pj_status_t (*decode)(voice *v, const pj_uint8_t *data, unsigned length, unsigned index,
                          pj_int16_t *pcm);
    /* Writes one frame in place of a lost one. */
    void (*recover)(voice *v, pj_int16_t *pcm);
} voice_kind;

struct voice {
    pjmedia_codec base;
    const voice_kind *kind;
    pj_pool_t *pool;
    /* Samples of one frame, known once open. */
    unsigned frame_samples;
    void *encoder;
    void *decoder;
    void *extra;
};

extern const voice_kind voice_ilbc;
extern const voice_kind voice_isac_16;
extern const voice_kind voice_isac_32;

#endif
