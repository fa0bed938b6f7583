#include "tuiphone.h"

#include <pjsua-lib/pjsua.h>
#include <pjsua-lib/pjsua_internal.h>

static unsigned long long position(pjmedia_dir dir)
{
    pjmedia_clock_src *clock;

    if (!pjsua_var.snd_port)
        return 0;
    clock = pjmedia_snd_port_get_clock_src(pjsua_var.snd_port, dir);
    return clock ? clock->timestamp.u64 : 0;
}

int tuiphone_sound_position(unsigned long long *played,
                            unsigned long long *recorded)
{
    *played = position(PJMEDIA_DIR_PLAYBACK);
    *recorded = position(PJMEDIA_DIR_CAPTURE);
    return pjsua_var.snd_port ? PJ_SUCCESS : PJ_ENOTFOUND;
}
