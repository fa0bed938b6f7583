/* Where requests for a host name go: what was found beforehand, instead of a lookup that would hold up the SIP thread. */
#include "tuiphone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <pjsip/sip_endpoint.h>
#include <pjsip/sip_errno.h>
#include <pjsip/sip_resolve.h>
#include <pjsip/sip_transport.h>
#include <pjsua-lib/pjsua.h>

enum { NAME_SIZE = 256 };

typedef struct host {
    struct host *next;
    char name[NAME_SIZE];
    int port;
    int type;
    pjsip_server_addresses servers;
} host;

static host *hosts;

/* Case does not count in names. */
static int lower(char *out, const char *text, size_t size)
{
    size_t i;

    if (!size || size >= NAME_SIZE)
        return 0;
    for (i = 0; i < size; ++i)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[size] = '\0';
    return 1;
}

static host *find(const char *name, int port, int type)
{
    host *h;

    for (h = hosts; h; h = h->next)
        if (h->port == port && h->type == type && !strcmp(h->name, name))
            return h;
    return NULL;
}

/* RFC 3263 section 4.1, as the library itself has it. */
static int type_of(const pjsip_host_info *target)
{
    int type = target->type & ~PJSIP_TRANSPORT_IPV6;

    if (type != PJSIP_TRANSPORT_UNSPECIFIED)
        return type;
    if (target->flag & PJSIP_TRANSPORT_SECURE)
        return PJSIP_TRANSPORT_TLS;
    return target->flag & PJSIP_TRANSPORT_RELIABLE ? PJSIP_TRANSPORT_TCP
                                                   : PJSIP_TRANSPORT_UDP;
}

static void resolve(pjsip_resolver_t *resolver, pj_pool_t *pool,
                    const pjsip_host_info *target, void *token,
                    pjsip_resolver_callback *cb);

static pjsip_ext_resolver ours = {&resolve};

static void resolve(pjsip_resolver_t *resolver, pj_pool_t *pool,
                    const pjsip_host_info *target, void *token,
                    pjsip_resolver_callback *cb)
{
    char name[NAME_SIZE];
    host *h = NULL;

    if (lower(name, target->addr.host.ptr, (size_t)target->addr.host.slen))
        h = find(name, target->addr.port, type_of(target));
    if (h) {
        cb(PJ_SUCCESS, token, &h->servers);
        return;
    }
    /* Addresses, and names that nobody looked up: the library's own way. */
    pjsip_resolver_set_ext_resolver(resolver, NULL);
    pjsip_resolve(resolver, pool, target, token, cb);
    pjsip_resolver_set_ext_resolver(resolver, &ours);
}

int tuiphone_hosts_start(void)
{
    return pjsip_endpt_set_ext_resolver(pjsua_get_pjsip_endpt(), &ours);
}

int tuiphone_host_set(const char *name, int port, int type,
                      const char *addresses)
{
    pjsip_server_addresses servers;
    char key[NAME_SIZE];
    const char *text = addresses;
    host *h;

    if (!lower(key, name, strlen(name)))
        return PJ_EINVAL;
    pj_bzero(&servers, sizeof(servers));
    while (*text && servers.count < PJSIP_MAX_RESOLVED_ADDRESSES) {
        pjsip_server_address_record *entry = &servers.entry[servers.count];
        pj_str_t one = {(char *)text, (pj_ssize_t)strcspn(text, " ")};

        if (pj_sockaddr_parse(pj_AF_UNSPEC(), 0, &one, &entry->addr))
            return PJ_EINVAL;
        entry->type = (pjsip_transport_type_e)type;
        if (entry->addr.addr.sa_family == pj_AF_INET6())
            entry->type |= PJSIP_TRANSPORT_IPV6;
        entry->priority = servers.count;
        entry->addr_len = pj_sockaddr_get_len(&entry->addr);
        ++servers.count;
        text += one.slen;
        text += strspn(text, " ");
    }
    if (!servers.count)
        return PJ_EINVAL;
    h = find(key, port, type);
    if (!h) {
        h = calloc(1, sizeof(*h));
        if (!h)
            return PJ_ENOMEM;
        strcpy(h->name, key);
        h->port = port;
        h->type = type;
        h->next = hosts;
        hosts = h;
    }
    h->servers = servers;
    return PJ_SUCCESS;
}

void tuiphone_hosts_done(void)
{
    if (pjsua_get_pjsip_endpt())
        pjsip_endpt_set_ext_resolver(pjsua_get_pjsip_endpt(), NULL);
    while (hosts) {
        host *next = hosts->next;

        free(hosts);
        hosts = next;
    }
}
