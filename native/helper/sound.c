#include "tuiphone.h"

#include <stdatomic.h>

#include <pjsua-lib/pjsua.h>
#include <pjsua-lib/pjsua_internal.h>

static atomic_ullong played_frames;
static atomic_ullong recorded_frames;

static void on_played(pjmedia_frame *frame)
{
    PJ_UNUSED_ARG(frame);
    atomic_fetch_add_explicit(&played_frames, 1, memory_order_relaxed);
}

static void on_recorded(pjmedia_frame *frame)
{
    PJ_UNUSED_ARG(frame);
    atomic_fetch_add_explicit(&recorded_frames, 1, memory_order_relaxed);
}

void tuiphone_sound_frames(unsigned long long *played,
                           unsigned long long *recorded)
{
    /* Taken over by each device that is opened from now on. */
    pjsua_var.media_cfg.on_aud_prev_play_frame = &on_played;
    pjsua_var.media_cfg.on_aud_prev_rec_frame = &on_recorded;
    *played = atomic_load_explicit(&played_frames, memory_order_relaxed);
    *recorded = atomic_load_explicit(&recorded_frames, memory_order_relaxed);
}
