/* Extended reports of a call's audio (RFC 3611): the VoIP metrics block of either end, and whose sound it is of. */
#include "tuiphone.h"

#include <string.h>

#include <pjsua-lib/pjsua.h>
#include <pjsua-lib/pjsua_internal.h>

enum { UNAVAILABLE = 127 };

/* The audio stream of a call, or NULL. It lives as long as the lock is held. */
static pjmedia_stream_common *stream_of(int call_id)
{
    const pjsua_call *call;
    unsigned i;

    if (call_id < 0 || call_id >= (int)pjsua_var.ua_cfg.max_calls)
        return NULL;
    call = &pjsua_var.calls[call_id];
    for (i = 0; i < call->med_cnt; ++i) {
        const pjsua_call_media *media = &call->media[i];

        /* A stream begins with what streams of all kinds have, and has its size there. */
        if (media->type == PJMEDIA_TYPE_AUDIO && media->strm.a.stream)
            return (pjmedia_stream_common *)media->strm.a.stream;
    }
    return NULL;
}

static pjmedia_rtcp_xr_session *session_of(int call_id)
{
    pjmedia_stream_common *stream = stream_of(call_id);

    return stream && stream->rtcp.xr_enabled ? &stream->rtcp.xr_session : NULL;
}

/* Theirs (of what we send) and ours (of what they send) are the same structure. */
static void copy(tuiphone_voip_metrics *out, const pjmedia_rtcp_xr_stream_stat *stat)
{
    memset(out, 0, sizeof(*out));
    out->known = stat->voip_mtc.update.sec != 0;
    out->loss_rate = stat->voip_mtc.loss_rate;
    out->discard_rate = stat->voip_mtc.discard_rate;
    out->burst_density = stat->voip_mtc.burst_den;
    out->gap_density = stat->voip_mtc.gap_den;
    out->burst_ms = stat->voip_mtc.burst_dur;
    out->gap_ms = stat->voip_mtc.gap_dur;
    out->round_trip_ms = stat->voip_mtc.rnd_trip_delay;
    out->end_system_ms = stat->voip_mtc.end_sys_delay;
    out->signal_dbm = stat->voip_mtc.signal_lvl;
    out->noise_dbm = stat->voip_mtc.noise_lvl;
    out->echo_loss_db = stat->voip_mtc.rerl;
    out->gap_minimum = stat->voip_mtc.gmin;
    out->r_factor = stat->voip_mtc.r_factor;
    out->r_factor_outside = stat->voip_mtc.ext_r_factor;
    out->mos_lq = stat->voip_mtc.mos_lq;
    out->mos_cq = stat->voip_mtc.mos_cq;
    out->configuration = stat->voip_mtc.rx_config;
    out->buffer_nominal_ms = stat->voip_mtc.jb_nom;
    out->buffer_maximum_ms = stat->voip_mtc.jb_max;
    out->buffer_limit_ms = stat->voip_mtc.jb_abs_max;
}

int tuiphone_rtcp_xr(int call_id, tuiphone_voip_metrics *theirs,
                     tuiphone_voip_metrics *ours)
{
    const pjmedia_rtcp_xr_session *session;

    PJSUA_LOCK();
    session = session_of(call_id);
    if (session) {
        copy(theirs, &session->stat.tx);
        copy(ours, &session->stat.rx);
    }
    PJSUA_UNLOCK();
    return session ? PJ_SUCCESS : PJ_ENOTFOUND;
}

/* A value of the block's range, or that it is not known. */
static int within(int value, int lowest, int highest)
{
    return value >= lowest && value <= highest ? value : UNAVAILABLE;
}

int tuiphone_rtcp_xr_rate(int call_id, int r_factor, int mos_lq, int mos_cq,
                          int signal_dbm, int end_system_ms)
{
    pjmedia_rtcp_xr_session *session;

    PJSUA_LOCK();
    session = session_of(call_id);
    if (session) {
        pjmedia_rtcp_xr_update_info(session, PJMEDIA_RTCP_XR_INFO_R_FACTOR,
                                    within(r_factor, 0, 100));
        pjmedia_rtcp_xr_update_info(session, PJMEDIA_RTCP_XR_INFO_MOS_LQ,
                                    within(mos_lq, 10, 50));
        pjmedia_rtcp_xr_update_info(session, PJMEDIA_RTCP_XR_INFO_MOS_CQ,
                                    within(mos_cq, 10, 50));
        pjmedia_rtcp_xr_update_info(session, PJMEDIA_RTCP_XR_INFO_SIGNAL_LVL,
                                    within(signal_dbm, -120, 10));
        session->stat.rx.voip_mtc.end_sys_delay =
            (pj_uint16_t)(end_system_ms < 0       ? 0
                          : end_system_ms > 65535 ? 65535
                                                  : end_system_ms);
    }
    PJSUA_UNLOCK();
    return session ? PJ_SUCCESS : PJ_ENOTFOUND;
}

unsigned tuiphone_rtp_source(int call_id)
{
    const pjmedia_stream_common *stream;
    unsigned source;

    PJSUA_LOCK();
    stream = stream_of(call_id);
    source = stream ? stream->rtcp.peer_ssrc : 0;
    PJSUA_UNLOCK();
    return source;
}

unsigned tuiphone_rtp_refusals(int call_id)
{
    const pjmedia_stream_common *stream;
    unsigned count;

    PJSUA_LOCK();
    stream = stream_of(call_id);
    count = stream ? stream->rtp_tx_err_cnt : 0;
    PJSUA_UNLOCK();
    return count;
}
