#include "tuiphone.h"

#include <pjsua-lib/pjsua.h>

/* Of patches/0010-answer-order.patch. */
extern int pjmedia_sdp_neg_offer_order;

#ifdef TUIPHONE_CODECS
#define CODEC_FEATURES " ilbc isac"
#else
#define CODEC_FEATURES ""

int tuiphone_codecs_register(void)
{
    return PJ_ENOTSUP;
}
#endif

const char *tuiphone_features(void)
{
    return "wake respond requests tcp-switch answer-order frames record clean xr noise nat hosts" CODEC_FEATURES;
}

void tuiphone_set_disable_tcp_switch(int on)
{
    pjsip_cfg()->endpt.disable_tcp_switch = on != 0;
}

void tuiphone_set_answer_order(int offer_order)
{
    pjmedia_sdp_neg_offer_order = offer_order != 0;
}
