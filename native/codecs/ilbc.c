#include "voice.h"

#include "modules/audio_coding/codecs/ilbc/ilbc.h"

enum { BYTES_20_MS = 38, BYTES_30_MS = 50 };

static unsigned mode_of(const pjmedia_codec_fmtp *fmtp)
{
    unsigned i;

    for (i = 0; i < fmtp->cnt; ++i)
        if (pj_stricmp2(&fmtp->param[i].name, "mode") == 0)
            return pj_strtoul(&fmtp->param[i].val) == 20 ? 20 : 30;
    /* RFC 3952: 30 when nothing is said. */
    return 30;
}

static pj_status_t ilbc_open(voice *v, pjmedia_codec_param *param)
{
    IlbcEncoderInstance *encoder;
    IlbcDecoderInstance *decoder;
    unsigned mode = mode_of(&param->setting.enc_fmtp);

    /* RFC 3952: both ways use one mode, the longer when the two sides differ. */
    if (mode_of(&param->setting.dec_fmtp) == 30)
        mode = 30;
    if (mode != param->info.frm_ptime) {
        unsigned packet_ms = param->setting.frm_per_pkt * param->info.frm_ptime;
        param->setting.frm_per_pkt = (pj_uint8_t)PJ_MAX(1, packet_ms / mode);
    }
    param->info.frm_ptime = (pj_uint16_t)mode;
    param->info.avg_bps = mode == 20 ? 15200 : 13333;

    if (WebRtcIlbcfix_EncoderCreate(&encoder) != 0)
        return PJ_ENOMEM;
    v->encoder = encoder;
    if (WebRtcIlbcfix_DecoderCreate(&decoder) != 0)
        return PJ_ENOMEM;
    v->decoder = decoder;
    if (WebRtcIlbcfix_EncoderInit(encoder, (int16_t)mode) != 0 ||
        WebRtcIlbcfix_DecoderInit(decoder, (int16_t)mode) != 0)
        return PJMEDIA_CODEC_EFAILED;
    return PJ_SUCCESS;
}

static void ilbc_close(voice *v)
{
    if (v->encoder)
        WebRtcIlbcfix_EncoderFree(v->encoder);
    if (v->decoder)
        WebRtcIlbcfix_DecoderFree(v->decoder);
}

static unsigned frame_bytes(const voice *v)
{
    return v->frame_samples == 160 ? BYTES_20_MS : BYTES_30_MS;
}

static unsigned ilbc_split(voice *v, const void *packet, unsigned length, unsigned *step,
                           unsigned *size)
{
    PJ_UNUSED_ARG(packet);
    *step = *size = frame_bytes(v);
    return length % *size == 0 ? length / *size : 0;
}

static int ilbc_encode(voice *v, const pj_int16_t *pcm, unsigned samples, pj_uint8_t *out,
                       unsigned room)
{
    unsigned used = 0, done;

    for (done = 0; done < samples; done += v->frame_samples) {
        int size;

        if (room - used < frame_bytes(v))
            return -1;
        size = WebRtcIlbcfix_Encode(v->encoder, pcm + done, v->frame_samples, out + used);
        if (size <= 0)
            return -1;
        used += (unsigned)size;
    }
    return (int)used;
}

static pj_status_t ilbc_decode(voice *v, const pj_uint8_t *data, unsigned length,
                               unsigned index, pj_int16_t *pcm)
{
    int16_t kind;

    PJ_UNUSED_ARG(index);
    /* Any other length would switch the decoder to the other mode. */
    if (length != frame_bytes(v))
        return PJMEDIA_CODEC_EFRMINLEN;
    if (WebRtcIlbcfix_Decode(v->decoder, data, length, pcm, &kind) != (int)v->frame_samples)
        return PJMEDIA_CODEC_EFAILED;
    return PJ_SUCCESS;
}

static void ilbc_recover(voice *v, pj_int16_t *pcm)
{
    WebRtcIlbcfix_DecodePlc(v->decoder, pcm, 1);
}

const voice_kind voice_ilbc = {
    .name = "iLBC",
    .clock_rate = 8000,
    .pt = 102,
    .frame_ms = 20,
    .avg_bps = 15200,
    .max_bps = 15200,
    .max_packet = BYTES_30_MS,
    .fmtp_name = "mode",
    .fmtp_value = "20",
    .open = &ilbc_open,
    .close = &ilbc_close,
    .split = &ilbc_split,
    .encode = &ilbc_encode,
    .decode = &ilbc_decode,
    .recover = &ilbc_recover,
};
