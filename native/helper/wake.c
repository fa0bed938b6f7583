#include "tuiphone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pjsua-lib/pjsua.h>

#define THIS_FILE "tuiphone_wake"

/* Patched into pjlib: called whenever the SIP thread would sleep too long. */
extern void (*tuiphone_wake_hook)(void);

/* Both ends live as long as the process: a late tuiphone_wake must never write
 * into a descriptor that somebody else has been given meanwhile. */
static int ends[2] = {-1, -1};
static atomic_int pending;

static pthread_t sleeper;
static pj_pool_t *pool;
static pj_ioqueue_key_t *key;
static pj_ioqueue_op_key_t read_op;
static char trash[8];

void tuiphone_wake(void)
{
    int saved = errno;

    if (ends[1] >= 0 && !atomic_exchange(&pending, 1)) {
        if (send(ends[1], "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
            atomic_store(&pending, 0);
    }
    errno = saved;
}

/* The SIP thread looks at its timers before it sleeps: no need to wake itself. */
static void wake_sleeper(void)
{
    if (!pthread_equal(pthread_self(), sleeper))
        tuiphone_wake();
}

static pj_status_t listen_again(void)
{
    pj_ssize_t size = sizeof(trash);
    pj_status_t status = pj_ioqueue_recv(key, &read_op, trash, &size,
                                         PJ_IOQUEUE_ALWAYS_ASYNC);
    return status == PJ_EPENDING ? PJ_SUCCESS : status;
}

static void on_read(pj_ioqueue_key_t *k, pj_ioqueue_op_key_t *op,
                    pj_ssize_t size)
{
    PJ_UNUSED_ARG(k);
    PJ_UNUSED_ARG(op);
    PJ_UNUSED_ARG(size);

    /* Before the caller looks into its queue, so that nothing queued after
     * that look is left without a wake-up. */
    atomic_store(&pending, 0);
    if (listen_again() != PJ_SUCCESS)
        PJ_LOG(1, (THIS_FILE, "the wake-up is lost"));
}

static pj_status_t open_ends(void)
{
    char byte;

    if (ends[0] < 0 && socketpair(AF_UNIX,
                                  SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                  0, ends) != 0)
        return PJ_STATUS_FROM_OS(errno);
    while (recv(ends[0], &byte, 1, MSG_DONTWAIT) == 1)
        ;
    atomic_store(&pending, 0);
    return PJ_SUCCESS;
}

int tuiphone_wake_init(void)
{
    static const pj_ioqueue_callback callback = {.on_read_complete = &on_read};
    pjsip_endpoint *endpoint = pjsua_get_pjsip_endpt();
    pj_status_t status;
    int reader;

    if (key)
        return PJ_SUCCESS;
    if (!endpoint)
        return PJ_EINVALIDOP;
    status = open_ends();
    if (status != PJ_SUCCESS)
        return status;

    /* The ioqueue closes what it is given. */
    reader = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
    if (reader < 0)
        return PJ_STATUS_FROM_OS(errno);
    pool = pjsip_endpt_create_pool(endpoint, "wake", 512, 512);
    if (!pool) {
        close(reader);
        return PJ_ENOMEM;
    }
    status = pj_ioqueue_register_sock(pool, pjsip_endpt_get_ioqueue(endpoint),
                                      reader, NULL, &callback, &key);
    if (status != PJ_SUCCESS) {
        close(reader);
        pjsip_endpt_release_pool(endpoint, pool);
        key = NULL;
        pool = NULL;
        return status;
    }
    pj_ioqueue_op_key_init(&read_op, sizeof(read_op));
    status = listen_again();
    if (status != PJ_SUCCESS) {
        tuiphone_wake_done();
        return status;
    }
    sleeper = pthread_self();
    tuiphone_wake_hook = &wake_sleeper;
    return PJ_SUCCESS;
}

void tuiphone_wake_done(void)
{
    tuiphone_wake_hook = NULL;
    if (!key)
        return;
    pj_ioqueue_unregister(key);
    key = NULL;
    pjsip_endpt_release_pool(pjsua_get_pjsip_endpt(), pool);
    pool = NULL;
}
