#include "tuiphone.h"

#include <pjsua-lib/pjsua.h>

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
    return "wake respond requests tcp-switch frames" CODEC_FEATURES;
}

void tuiphone_set_disable_tcp_switch(int on)
{
    pjsip_cfg()->endpt.disable_tcp_switch = on != 0;
}
