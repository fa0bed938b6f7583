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
    MAX_MARKS = 256,
    CUE_BYTES = 24,
    LABEL_BYTES = 20,
    FORMAT_END = 36,
    MARK_ROOM = 12 + 12 + (CUE_BYTES + LABEL_BYTES) * MAX_MARKS + 8,
    HEADER_BYTES = FORMAT_END + MARK_ROOM + 8,
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
    unsigned long long put[SIDES], taken, missed[SIDES];
    int paused, closing, error;
    unsigned long long written; /* frames in the file */
    unsigned marks, marks_written; /* begin and end of each pause in turn */
    unsigned mark_at[MAX_MARKS];
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
    /* What one side had no room for, the other leaves out as well: they stay abreast. */
    if (r->put[side] + count - r->taken > r->capacity || r->missed[side] < r->missed[!side]) {
        r->missed[side] += count;
    } else if (!r->closing) {
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

static int write_at(int file, const void *data, size_t size, off_t at)
{
    ssize_t done;

    do
        done = pwrite(file, data, size, at);
    while (done < 0 && errno == EINTR);
    return done == (ssize_t)size ? 0 : done < 0 ? errno : ENOSPC;
}

/* Both lengths, so that what is written so far is a whole file. */
static int write_lengths(recording *r)
{
    unsigned char length[4];
    unsigned long bytes = (unsigned long)r->written * 4;
    int error;

    put_le(length, bytes, 4);
    error = write_at(r->file, length, 4, HEADER_BYTES - 4);
    put_le(length, HEADER_BYTES - 8 + bytes, 4);
    return error ? error : write_at(r->file, length, 4, 4);
}

static int write_header(recording *r)
{
    unsigned char header[HEADER_BYTES] = "RIFF....WAVEfmt ";

    put_le(header + 4, HEADER_BYTES - 8, 4);
    put_le(header + 16, 16, 4);
    put_le(header + 20, 1, 2); /* PCM */
    put_le(header + 22, SIDES, 2);
    put_le(header + 24, r->rate, 4);
    put_le(header + 28, (unsigned long)r->rate * 4, 4);
    put_le(header + 32, 4, 2);
    put_le(header + 34, 16, 2);
    memcpy(header + FORMAT_END, "JUNK", 4);
    put_le(header + FORMAT_END + 4, MARK_ROOM - 8, 4);
    memcpy(header + FORMAT_END + MARK_ROOM, "data", 4);
    return write_at(r->file, header, sizeof(header), 0);
}

/* Cue points with a label each: where a part that was left out begins and ends.
 * They stand before the sound, in room kept for them, so that a crash or a full
 * disk takes none away. */
static int write_marks(recording *r, const unsigned *marks, unsigned count)
{
    static const char labels[2][8] = {"pause", "resume"};
    unsigned char room[MARK_ROOM] = "cue ";
    unsigned char *at = room + 12;
    unsigned i;

    put_le(room + 4, 4 + CUE_BYTES * count, 4);
    put_le(room + 8, count, 4);
    for (i = 0; i < count; ++i, at += CUE_BYTES) {
        put_le(at, i + 1, 4);
        put_le(at + 4, marks[i], 4);
        memcpy(at + 8, "data", 4);
        put_le(at + 20, marks[i], 4);
    }
    memcpy(at, "LIST", 4);
    put_le(at + 4, 4 + LABEL_BYTES * count, 4);
    memcpy(at + 8, "adtl", 4);
    at += 12;
    for (i = 0; i < count; ++i, at += LABEL_BYTES) {
        memcpy(at, "labl", 4);
        put_le(at + 4, LABEL_BYTES - 8, 4);
        put_le(at + 8, i + 1, 4);
        memcpy(at + 12, labels[i % 2], sizeof(labels[0]));
    }
    memcpy(at, "JUNK", 4);
    put_le(at + 4, (unsigned long)(room + MARK_ROOM - at - 8), 4);
    return write_at(r->file, room, sizeof(room), FORMAT_END);
}

/* Marks that came since the last time. */
static int write_new_marks(recording *r)
{
    unsigned marks[MAX_MARKS], count;

    pthread_mutex_lock(&r->lock);
    count = r->marks == r->marks_written ? 0 : r->marks;
    memcpy(marks, r->mark_at, sizeof(marks));
    pthread_mutex_unlock(&r->lock);
    if (!count)
        return 0;
    r->marks_written = count;
    return write_marks(r, marks, count);
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
                error = write_lengths(r);
            }
            pthread_mutex_lock(&r->lock);
            count = take(r, frames, room);
            pthread_mutex_unlock(&r->lock);
        }
        if (!error)
            error = write_new_marks(r);
        /* 32 bits of WAV's own length: some 18 hours. */
        if (!error && r->written > 0xf0000000UL / 4)
            error = EFBIG;
    }
    free(frames);
    if (error) {
        /* What is not whole is taken off again, so that the rest can be played. */
        if (ftruncate(r->file, (off_t)(HEADER_BYTES + r->written * 4)) == 0)
            write_lengths(r);
        write_new_marks(r);
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
    error = r->file < 0 ? errno : write_header(r);
    if (!error && lseek(r->file, HEADER_BYTES, SEEK_SET) < 0)
        error = errno;
    if (!error && (open_port(r, LEFT) != PJ_SUCCESS || open_port(r, RIGHT) != PJ_SUCCESS))
        error = EIO;
    if (!error)
        error = pthread_create(&r->writer, NULL, &write_file, r);
    if (error) {
        close_ports(r);
        if (r->file >= 0) {
            unlink(path); /* ours, just made, and no recording */
            close(r->file);
        }
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
    if (!!on != r->paused && r->marks < MAX_MARKS)
        r->mark_at[r->marks++] = (unsigned)PJ_MIN(r->put[LEFT], r->put[RIGHT]);
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
