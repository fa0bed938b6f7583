#include "voice.h"

#include <pjmedia/wsola.h>

#include "modules/audio_coding/codecs/isac/main/include/isac.h"

enum {
    FRAME_MS = 30,
    /* How long a voice goes on, ever weaker, when packets are missing. The usual 80 ms
     * end within the second packet of 60 ms that is lost. */
    CONCEALED_MS = 180,
    /* Of one packet of 60 ms at 32 kHz. */
    MAX_SAMPLES = 1920,
    MAX_PACKET_16 = 400,
    MAX_PACKET_32 = 600,
    /* Independent of the channel: the rate is what we say. */
    INSTANTANEOUS = 1,
    BPS_16 = 32000,
    BPS_32 = 56000,
    /* From 38 kbit/s on a 32 kHz encoder codes a band above 8 kHz too, and that band has no
     * packets of 60 ms: those carry the lower one only. */
    BPS_32_LONG = 32000,
    MOST_FRAMES = 2,
    MAX_BPS_16 = 53400,
    MAX_BPS_32 = 107000,
};

/* iSAC decodes a packet as a whole; pjmedia fetches it frame by frame. */
typedef struct leftover {
    /* iSAC's own concealment is silence: the last pitch periods are repeated instead. */
    pjmedia_wsola *repeater;
    pj_bool_t was_lost;
    pj_int16_t pcm[MAX_SAMPLES];
    unsigned samples;
} leftover;

static pj_status_t make_states(voice *v)
{
    ISACStruct *encoder, *decoder;

    if (WebRtcIsac_Create(&encoder) != 0)
        return PJ_ENOMEM;
    v->encoder = encoder;
    if (WebRtcIsac_Create(&decoder) != 0)
        return PJ_ENOMEM;
    v->decoder = decoder;
    return PJ_SUCCESS;
}

static pj_status_t isac_open(voice *v, pjmedia_codec_param *param)
{
    unsigned rate = v->kind->clock_rate;
    unsigned bps = v->kind->avg_bps;
    leftover *rest = PJ_POOL_ZALLOC_T(v->pool, leftover);
    pj_status_t status = make_states(v);

    if (status != PJ_SUCCESS)
        return status;
    v->extra = rest;
    if (param->setting.frm_per_pkt < 1)
        param->setting.frm_per_pkt = 1;
    if (param->setting.frm_per_pkt > MOST_FRAMES)
        param->setting.frm_per_pkt = MOST_FRAMES;
    if (rate == 32000 && param->setting.frm_per_pkt == MOST_FRAMES)
        bps = BPS_32_LONG;
    param->info.avg_bps = bps;

    if (WebRtcIsac_SetEncSampRate(v->encoder, (uint16_t)rate) != 0 ||
        WebRtcIsac_SetDecSampRate(v->decoder, (uint16_t)rate) != 0 ||
        WebRtcIsac_EncoderInit(v->encoder, INSTANTANEOUS) != 0 ||
        WebRtcIsac_Control(v->encoder, (int32_t)bps,
                           FRAME_MS * param->setting.frm_per_pkt) != 0)
        return PJMEDIA_CODEC_EFAILED;
    WebRtcIsac_DecoderInit(v->decoder);
    status = pjmedia_wsola_create(v->pool, rate, rate * FRAME_MS / 1000, 1,
                                  PJMEDIA_WSOLA_NO_DISCARD, &rest->repeater);
    if (status != PJ_SUCCESS)
        return status;
    return pjmedia_wsola_set_max_expand(rest->repeater, CONCEALED_MS);
}

static void isac_close(voice *v)
{
    if (v->encoder)
        WebRtcIsac_Free(v->encoder);
    if (v->decoder)
        WebRtcIsac_Free(v->decoder);
}

static unsigned isac_split(voice *v, const void *packet, unsigned length, unsigned *step,
                           unsigned *size)
{
    int16_t samples = 0;

    /* ReadFrameLen looks at the first bytes, however few there are. */
    if (length < 12 || length > v->kind->max_packet ||
        WebRtcIsac_ReadFrameLen(v->decoder, packet, &samples) != 0)
        return 0;
    *step = 0;
    *size = length;
    return samples > 0 ? (unsigned)samples / v->frame_samples : 0;
}

static int isac_encode(voice *v, const pj_int16_t *pcm, unsigned samples, pj_uint8_t *out,
                       unsigned room)
{
    unsigned block = v->kind->clock_rate / 100;
    unsigned used = 0, done;

    for (done = 0; done < samples; done += block) {
        int size;

        if (room - used < v->kind->max_packet)
            return -1;
        size = WebRtcIsac_Encode(v->encoder, pcm + done, out + used);
        if (size < 0)
            return -1;
        used += (unsigned)size;
    }
    return (int)used;
}

static pj_status_t isac_decode(voice *v, const pj_uint8_t *data, unsigned length,
                               unsigned index, pj_int16_t *pcm)
{
    leftover *rest = v->extra;
    unsigned from = index * v->frame_samples;

    if (index == 0 || rest->samples == 0) {
        int16_t kind;
        int samples = WebRtcIsac_Decode(v->decoder, data, length, rest->pcm, &kind);

        rest->samples = samples > 0 ? (unsigned)samples : 0;
    }
    if (rest->samples < from + v->frame_samples) {
        rest->samples = 0;
        return PJMEDIA_CODEC_EFAILED;
    }
    pjmedia_copy_samples(pcm, rest->pcm + from, v->frame_samples);
    if (rest->samples == from + v->frame_samples)
        rest->samples = 0;
    pjmedia_wsola_save(rest->repeater, pcm, rest->was_lost);
    rest->was_lost = PJ_FALSE;
    return PJ_SUCCESS;
}

static void isac_recover(voice *v, pj_int16_t *pcm)
{
    leftover *rest = v->extra;

    rest->samples = 0;
    pjmedia_wsola_generate(rest->repeater, pcm);
    rest->was_lost = PJ_TRUE;
}

#define ISAC_KIND(variable, rate, number, bps, most, bytes) \
    const voice_kind variable = { \
        .name = "iSAC", \
        .clock_rate = rate, \
        .pt = number, \
        .frame_ms = FRAME_MS, \
        .avg_bps = bps, \
        .max_bps = most, \
        .max_packet = bytes, \
        .open = &isac_open, \
        .close = &isac_close, \
        .split = &isac_split, \
        .encode = &isac_encode, \
        .decode = &isac_decode, \
        .recover = &isac_recover, \
    }

ISAC_KIND(voice_isac_16, 16000, 103, BPS_16, MAX_BPS_16, MAX_PACKET_16);
ISAC_KIND(voice_isac_32, 32000, 104, BPS_32, MAX_BPS_32, MAX_PACKET_32);
