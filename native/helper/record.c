/* A stereo recording of a call: the agent on the left, the far end on the right.
 *
 * Two ports of the conference bridge take the two sides; a thread of its own
 * writes, so that a slow disk never stops the sound. The header is kept true
 * while the file grows: what was written before a crash can be played. */
#include "tuiphone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pjsua-lib/pjsua.h>

enum {
    LEFT,
    RIGHT,
    SIDES,
    MAX_RECORDINGS = 64,
    RING_S = 10,
    WRITE_EVERY_MS = 200,
    MAX_PAUSES = 256,
    HEADER_BYTES = 44,
    PACKET_MS = 20
};

typedef struct recording recording;

typedef struct side_port {
    pjmedia_port base;
    pj_pool_t *pool;
    recording *owner;
    int side;
} side_port;

struct recording {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t writer;
    atomic_int users;
    int file;
    unsigned rate;
    unsigned capacity; /* samples a side */
    int16_t *samples[SIDES];
    unsigned long long put[SIDES], taken;
    int paused, closing, error;
    unsigned long long written; /* frames in the file */
    unsigned pauses;
    unsigned pause_at[MAX_PAUSES];
    pjsua_conf_port_id slots[SIDES];
    pjmedia_port *ports[SIDES];
};

static recording *recordings[MAX_RECORDINGS];

static void release(recording *r)
{
    if (atomic_fetch_sub(&r->users, 1) != 1)
        return;
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->wake);
    free(r->samples[LEFT]);
    free(r->samples[RIGHT]);
    free(r);
}

/* ---- what the bridge brings ---------------------------------------------- */

static void put(recording *r, int side, const int16_t *samples, unsigned count)
{
    unsigned i;

    pthread_mutex_lock(&r->lock);
    if (!r->closing && r->put[side] + count - r->taken <= r->capacity) {
        for (i = 0; i < count; ++i) {
            int16_t sample = samples && !r->paused ? samples[i] : 0;
            r->samples[side][(r->put[side] + i) % r->capacity] = sample;
        }
        r->put[side] += count;
    }
    pthread_mutex_unlock(&r->lock);
}

static pj_status_t on_frame(pjmedia_port *port, pjmedia_frame *frame)
{
    side_port *p = (side_port *)port;
    unsigned count = PJMEDIA_PIA_SPF(&port->info);

    if (frame->type == PJMEDIA_FRAME_TYPE_AUDIO)
        put(p->owner, p->side, frame->buf, PJ_MIN(count, (unsigned)frame->size / 2));
    else
        put(p->owner, p->side, NULL, count);
    return PJ_SUCCESS;
}

static pj_status_t on_destroy(pjmedia_port *port)
{
    side_port *p = (side_port *)port;
    pj_pool_t *pool = p->pool;

    release(p->owner);
    pj_pool_release(pool);
    return PJ_SUCCESS;
}

static pj_status_t open_port(recording *r, int side)
{
    static const char *const names[SIDES] = {"record-agent", "record-far"};
    pj_pool_t *pool = pjsua_pool_create(names[side], 512, 512);
    side_port *p;
    pj_str_t name = pj_str((char *)names[side]);
    pj_status_t status;

    if (!pool)
        return PJ_ENOMEM;
    p = PJ_POOL_ZALLOC_T(pool, side_port);
    p->pool = pool;
    p->owner = r;
    p->side = side;
    pjmedia_port_info_init(&p->base.info, &name, PJMEDIA_SIG_CLASS_APP('T', 'P', 'R'),
                           r->rate, 1, 16, r->rate * PACKET_MS / 1000);
    p->base.put_frame = &on_frame;
    p->base.on_destroy = &on_destroy;
    status = pjmedia_port_init_grp_lock(&p->base, pool, NULL);
    if (status != PJ_SUCCESS) {
        pj_pool_release(pool);
        return status;
    }
    atomic_fetch_add(&r->users, 1);
    status = pjsua_conf_add_port(pool, &p->base, &r->slots[side]);
    if (status != PJ_SUCCESS) {
        pjmedia_port_destroy(&p->base);
        return status;
    }
    r->ports[side] = &p->base;
    return PJ_SUCCESS;
}

static void close_ports(recording *r)
{
    int side;

    for (side = 0; side < SIDES; ++side) {
        if (!r->ports[side])
            continue;
        pjsua_conf_remove_port(r->slots[side]);
        pjmedia_port_destroy(r->ports[side]);
        r->ports[side] = NULL;
    }
}

/* ---- the file ------------------------------------------------------------- */

static void put_le(unsigned char *at, unsigned long value, int bytes)
{
    int i;

    for (i = 0; i < bytes; ++i)
        at[i] = (unsigned char)(value >> (8 * i));
}

static int write_all(int file, const void *data, size_t size)
{
    const char *at = data;

    while (size) {
        ssize_t done = write(file, at, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return errno ? errno : ENOSPC;
        at += done;
        size -= (size_t)done;
    }
    return 0;
}

static int write_header(recording *r, unsigned long extra)
{
    unsigned char header[HEADER_BYTES] = "RIFF....WAVEfmt ";
    unsigned long bytes = (unsigned long)r->written * 4;

    put_le(header + 4, HEADER_BYTES - 8 + bytes + extra, 4);
    put_le(header + 16, 16, 4);
    put_le(header + 20, 1, 2); /* PCM */
    put_le(header + 22, SIDES, 2);
    put_le(header + 24, r->rate, 4);
    put_le(header + 28, (unsigned long)r->rate * 4, 4);
    put_le(header + 32, 4, 2);
    put_le(header + 34, 16, 2);
    memcpy(header + 36, "data", 4);
    put_le(header + 40, bytes, 4);
    return pwrite(r->file, header, sizeof(header), 0) == (ssize_t)sizeof(header) ? 0 : errno;
}

/* Cue points with a label each: where something was left out. */
static int write_cues(recording *r)
{
    static const char label[] = "pause";
    unsigned char chunk[12 + 24];
    unsigned i;
    int error;
    unsigned long entry = 8 + 4 + sizeof(label);
    unsigned long padded = entry + (entry & 1);
    unsigned long size = 12 + 24UL * r->pauses + 12 + padded * r->pauses;

    if (!r->pauses)
        return 0;
    memcpy(chunk, "cue ", 4);
    put_le(chunk + 4, 4 + 24UL * r->pauses, 4);
    put_le(chunk + 8, r->pauses, 4);
    if ((error = write_all(r->file, chunk, 12)) != 0)
        return error;
    for (i = 0; i < r->pauses; ++i) {
        memset(chunk, 0, 24);
        put_le(chunk, i + 1, 4);
        put_le(chunk + 4, r->pause_at[i], 4);
        memcpy(chunk + 8, "data", 4);
        put_le(chunk + 20, r->pause_at[i], 4);
        if ((error = write_all(r->file, chunk, 24)) != 0)
            return error;
    }
    memcpy(chunk, "LIST", 4);
    put_le(chunk + 4, 4 + padded * r->pauses, 4);
    memcpy(chunk + 8, "adtl", 4);
    if ((error = write_all(r->file, chunk, 12)) != 0)
        return error;
    for (i = 0; i < r->pauses; ++i) {
        memset(chunk, 0, sizeof(chunk));
        memcpy(chunk, "labl", 4);
        put_le(chunk + 4, 4 + sizeof(label), 4);
        put_le(chunk + 8, i + 1, 4);
        memcpy(chunk + 12, label, sizeof(label));
        if ((error = write_all(r->file, chunk, padded)) != 0)
            return error;
    }
    return write_header(r, size);
}

/* Takes what both sides have, interleaved; returns frames. */
static unsigned take(recording *r, int16_t *out, unsigned room)
{
    unsigned long long least = PJ_MIN(r->put[LEFT], r->put[RIGHT]);
    unsigned count = (unsigned)PJ_MIN(least - r->taken, (unsigned long long)room), i;

    for (i = 0; i < count; ++i) {
        unsigned at = (unsigned)((r->taken + i) % r->capacity);
        out[2 * i] = r->samples[LEFT][at];
        out[2 * i + 1] = r->samples[RIGHT][at];
    }
    r->taken += count;
    return count;
}

static void wait_a_little(recording *r)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WRITE_EVERY_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        ++until.tv_sec;
    }
    pthread_cond_timedwait(&r->wake, &r->lock, &until);
}

static void *write_file(void *argument)
{
    recording *r = argument;
    unsigned room = r->rate;
    int16_t *frames = malloc(room * 4);
    int closing = 0, error = frames ? 0 : ENOMEM;

    while (!closing && !error) {
        unsigned count;

        pthread_mutex_lock(&r->lock);
        if (!r->closing)
            wait_a_little(r);
        closing = r->closing;
        count = take(r, frames, room);
        pthread_mutex_unlock(&r->lock);
        while (count && !error) {
            error = write_all(r->file, frames, (size_t)count * 4);
            if (!error) {
                r->written += count;
                error = write_header(r, 0);
            }
            pthread_mutex_lock(&r->lock);
            count = take(r, frames, room);
            pthread_mutex_unlock(&r->lock);
        }
        /* 32 bits of WAV's own length: some 18 hours. */
        if (!error && r->written > 0xf0000000UL / 4)
            error = EFBIG;
    }
    free(frames);
    if (error) {
        /* What is not whole is taken off again, so that the rest can be played. */
        if (ftruncate(r->file, (off_t)(HEADER_BYTES + r->written * 4)) == 0)
            write_header(r, 0);
    } else {
        error = write_cues(r);
    }
    pthread_mutex_lock(&r->lock);
    r->error = error;
    r->closing = 1;
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- what Python calls ---------------------------------------------------- */

static recording *find(int id)
{
    return id >= 0 && id < MAX_RECORDINGS ? recordings[id] : NULL;
}

static recording *create(unsigned rate)
{
    recording *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->rate = rate;
    r->capacity = rate * RING_S;
    r->samples[LEFT] = calloc(r->capacity, 2);
    r->samples[RIGHT] = calloc(r->capacity, 2);
    atomic_init(&r->users, 1);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    if (!r->samples[LEFT] || !r->samples[RIGHT]) {
        release(r);
        return NULL;
    }
    return r;
}

int tuiphone_record_start(const char *path, int rate, int *agent, int *far)
{
    recording *r;
    int id, error;

    for (id = 0; id < MAX_RECORDINGS && recordings[id]; ++id)
        ;
    if (id == MAX_RECORDINGS)
        return -EMFILE;
    if ((r = create((unsigned)rate)) == NULL)
        return -ENOMEM;
    r->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    error = r->file < 0 ? errno : write_header(r, 0);
    if (!error && lseek(r->file, HEADER_BYTES, SEEK_SET) < 0)
        error = errno;
    if (!error && (open_port(r, LEFT) != PJ_SUCCESS || open_port(r, RIGHT) != PJ_SUCCESS))
        error = EIO;
    if (!error)
        error = pthread_create(&r->writer, NULL, &write_file, r);
    if (error) {
        close_ports(r);
        if (r->file >= 0)
            close(r->file);
        release(r);
        return -error;
    }
    recordings[id] = r;
    *agent = r->slots[LEFT];
    *far = r->slots[RIGHT];
    return id;
}

int tuiphone_record_pause(int id, int on)
{
    recording *r = find(id);

    if (!r)
        return -EINVAL;
    pthread_mutex_lock(&r->lock);
    if (on && !r->paused && r->pauses < MAX_PAUSES)
        r->pause_at[r->pauses++] = (unsigned)PJ_MIN(r->put[LEFT], r->put[RIGHT]);
    r->paused = on != 0;
    pthread_mutex_unlock(&r->lock);
    return 0;
}

int tuiphone_record_error(int id)
{
    recording *r = find(id);
    int error;

    if (!r)
        return EINVAL;
    pthread_mutex_lock(&r->lock);
    error = r->error;
    pthread_mutex_unlock(&r->lock);
    return error;
}

int tuiphone_record_stop(int id)
{
    recording *r = find(id);
    int error;

    if (!r)
        return EINVAL;
    close_ports(r);
    pthread_mutex_lock(&r->lock);
    r->closing = 1;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->writer, NULL);
    error = r->error;
    if (close(r->file) != 0 && !error)
        error = errno;
    recordings[id] = NULL;
    release(r);
    return error;
}
