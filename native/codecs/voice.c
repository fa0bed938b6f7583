#include "voice.h"

#include <pjsua-lib/pjsua.h>

#include "tuiphone.h"

static const voice_kind *const kinds[] = {&voice_ilbc, &voice_isac_16, &voice_isac_32};

static struct voice_factory {
    pjmedia_codec_factory base;
    pjmedia_endpt *endpoint;
} factory;

static const voice_kind *find_kind(const pjmedia_codec_info *info)
{
    unsigned i;

    for (i = 0; i < PJ_ARRAY_SIZE(kinds); ++i)
        if (info->clock_rate == kinds[i]->clock_rate && info->channel_cnt == 1 &&
            pj_stricmp2(&info->encoding_name, kinds[i]->name) == 0)
            return kinds[i];
    return NULL;
}

/* ---- one codec ---------------------------------------------------------- */

static pj_status_t codec_init(pjmedia_codec *codec, pj_pool_t *pool)
{
    PJ_UNUSED_ARG(codec);
    PJ_UNUSED_ARG(pool);
    return PJ_SUCCESS;
}

static pj_status_t codec_close(pjmedia_codec *codec)
{
    voice *v = (voice *)codec;

    v->kind->close(v);
    v->encoder = v->decoder = NULL;
    return PJ_SUCCESS;
}

static pj_status_t codec_open(pjmedia_codec *codec, pjmedia_codec_param *param)
{
    voice *v = (voice *)codec;
    pj_status_t status = v->kind->open(v, param);

    if (status != PJ_SUCCESS) {
        codec_close(codec);
        return status;
    }
    v->frame_samples = param->info.frm_ptime * v->kind->clock_rate / 1000;
    return PJ_SUCCESS;
}

static pj_status_t codec_modify(pjmedia_codec *codec, const pjmedia_codec_param *param)
{
    PJ_UNUSED_ARG(codec);
    PJ_UNUSED_ARG(param);
    return PJ_SUCCESS;
}

static pj_status_t codec_parse(pjmedia_codec *codec, void *packet, pj_size_t length,
                               const pj_timestamp *ts, unsigned *count,
                               pjmedia_frame frames[])
{
    voice *v = (voice *)codec;
    unsigned step = 0, size = 0, i;
    unsigned found = v->kind->split(v, packet, (unsigned)length, &step, &size);

    *count = PJ_MIN(*count, found);
    for (i = 0; i < *count; ++i) {
        frames[i].type = PJMEDIA_FRAME_TYPE_AUDIO;
        frames[i].buf = (char *)packet + i * step;
        frames[i].size = size;
        frames[i].bit_info = i;
        frames[i].timestamp.u64 = ts->u64 + (pj_uint64_t)i * v->frame_samples;
    }
    return *count ? PJ_SUCCESS : PJMEDIA_CODEC_EFRMINLEN;
}

static pj_status_t codec_encode(pjmedia_codec *codec, const pjmedia_frame *input,
                                unsigned room, pjmedia_frame *output)
{
    voice *v = (voice *)codec;
    unsigned samples = (unsigned)input->size / 2;
    int size;

    if (samples == 0 || samples % v->frame_samples != 0)
        return PJMEDIA_CODEC_EPCMFRMINLEN;
    size = v->kind->encode(v, input->buf, samples, output->buf, room);
    if (size < 0)
        return PJMEDIA_CODEC_EFAILED;
    output->size = (pj_size_t)size;
    output->type = size ? PJMEDIA_FRAME_TYPE_AUDIO : PJMEDIA_FRAME_TYPE_NONE;
    output->timestamp = input->timestamp;
    return PJ_SUCCESS;
}

static pj_status_t codec_decode(pjmedia_codec *codec, const pjmedia_frame *input,
                                unsigned room, pjmedia_frame *output)
{
    voice *v = (voice *)codec;
    pj_status_t status;

    if (room < v->frame_samples * 2)
        return PJMEDIA_CODEC_EPCMTOOSHORT;
    status = v->kind->decode(v, input->buf, (unsigned)input->size, input->bit_info,
                             output->buf);
    if (status != PJ_SUCCESS)
        return status;
    output->size = v->frame_samples * 2;
    output->type = PJMEDIA_FRAME_TYPE_AUDIO;
    output->timestamp = input->timestamp;
    return PJ_SUCCESS;
}

static pj_status_t codec_recover(pjmedia_codec *codec, unsigned room,
                                 pjmedia_frame *output)
{
    voice *v = (voice *)codec;

    if (room < v->frame_samples * 2)
        return PJMEDIA_CODEC_EPCMTOOSHORT;
    v->kind->recover(v, output->buf);
    output->size = v->frame_samples * 2;
    output->type = PJMEDIA_FRAME_TYPE_AUDIO;
    return PJ_SUCCESS;
}

static pjmedia_codec_op codec_op = {
    .init = &codec_init,
    .open = &codec_open,
    .close = &codec_close,
    .modify = &codec_modify,
    .parse = &codec_parse,
    .encode = &codec_encode,
    .decode = &codec_decode,
    .recover = &codec_recover,
};

/* ---- the factory -------------------------------------------------------- */

static pj_status_t test_alloc(pjmedia_codec_factory *f, const pjmedia_codec_info *info)
{
    PJ_UNUSED_ARG(f);
    return find_kind(info) ? PJ_SUCCESS : PJMEDIA_CODEC_EUNSUP;
}

static pj_status_t default_attr(pjmedia_codec_factory *f, const pjmedia_codec_info *info,
                                pjmedia_codec_param *param)
{
    const voice_kind *kind = find_kind(info);

    PJ_UNUSED_ARG(f);
    if (!kind)
        return PJMEDIA_CODEC_EUNSUP;
    pj_bzero(param, sizeof(*param));
    param->info.clock_rate = kind->clock_rate;
    param->info.channel_cnt = 1;
    param->info.avg_bps = kind->avg_bps;
    param->info.max_bps = kind->max_bps;
    param->info.max_rx_frame_size = kind->max_packet;
    param->info.frm_ptime = (pj_uint16_t)kind->frame_ms;
    param->info.pcm_bits_per_sample = 16;
    param->info.pt = (pj_uint8_t)kind->pt;
    param->info.fmt_id = PJMEDIA_FORMAT_L16;
    param->setting.frm_per_pkt = 1;
    param->setting.plc = 1;
    if (kind->fmtp_name) {
        param->setting.dec_fmtp.cnt = 1;
        param->setting.dec_fmtp.param[0].name = pj_str((char *)kind->fmtp_name);
        param->setting.dec_fmtp.param[0].val = pj_str((char *)kind->fmtp_value);
    }
    return PJ_SUCCESS;
}

static pj_status_t enum_info(pjmedia_codec_factory *f, unsigned *count,
                             pjmedia_codec_info infos[])
{
    unsigned i;

    PJ_UNUSED_ARG(f);
    *count = PJ_MIN(*count, PJ_ARRAY_SIZE(kinds));
    for (i = 0; i < *count; ++i) {
        pj_bzero(&infos[i], sizeof(infos[i]));
        infos[i].type = PJMEDIA_TYPE_AUDIO;
        infos[i].pt = kinds[i]->pt;
        infos[i].encoding_name = pj_str((char *)kinds[i]->name);
        infos[i].clock_rate = kinds[i]->clock_rate;
        infos[i].channel_cnt = 1;
    }
    return PJ_SUCCESS;
}

static pj_status_t alloc_codec(pjmedia_codec_factory *f, const pjmedia_codec_info *info,
                               pjmedia_codec **codec)
{
    const voice_kind *kind = find_kind(info);
    pj_pool_t *pool;
    voice *v;

    if (!kind)
        return PJMEDIA_CODEC_EUNSUP;
    pool = pjmedia_endpt_create_pool(factory.endpoint, kind->name, 1000, 1000);
    if (!pool)
        return PJ_ENOMEM;
    v = PJ_POOL_ZALLOC_T(pool, voice);
    v->pool = pool;
    v->kind = kind;
    v->base.op = &codec_op;
    v->base.factory = f;
    *codec = &v->base;
    return PJ_SUCCESS;
}

static pj_status_t dealloc_codec(pjmedia_codec_factory *f, pjmedia_codec *codec)
{
    voice *v = (voice *)codec;

    PJ_UNUSED_ARG(f);
    codec_close(codec);
    pj_pool_release(v->pool);
    return PJ_SUCCESS;
}

static pj_status_t destroy(void)
{
    factory.endpoint = NULL;
    return PJ_SUCCESS;
}

static pjmedia_codec_factory_op factory_op = {
    .test_alloc = &test_alloc,
    .default_attr = &default_attr,
    .enum_info = &enum_info,
    .alloc_codec = &alloc_codec,
    .dealloc_codec = &dealloc_codec,
    .destroy = &destroy,
};

int tuiphone_codecs_register(void)
{
    pjmedia_endpt *endpoint = pjsua_get_pjmedia_endpt();
    pj_status_t status;

    if (!endpoint)
        return PJ_EINVALIDOP;
    if (factory.endpoint)
        return PJ_SUCCESS;
    pj_bzero(&factory, sizeof(factory));
    factory.base.op = &factory_op;
    factory.endpoint = endpoint;
    status = pjmedia_codec_mgr_register_factory(pjmedia_endpt_get_codec_mgr(endpoint),
                                                &factory.base);
    if (status != PJ_SUCCESS)
        factory.endpoint = NULL;
    return status;
}
