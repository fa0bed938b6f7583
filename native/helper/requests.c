#include "tuiphone.h"

#include <string.h>

#include <pjsua-lib/pjsua.h>

static tuiphone_request_handler handler;

static pj_bool_t on_rx_request(pjsip_rx_data *rdata);

static const pjsip_module blank = {
    .name = {"mod-tuiphone", 12},
    .id = -1,
    /* After every module of the stack: only what nobody took arrives. */
    .priority = PJSIP_MOD_PRIORITY_APPLICATION + 32,
    .on_rx_request = &on_rx_request,
};
/* The endpoint sets the id to -1 when it drops the module. */
static pjsip_module module = {.id = -1};

int tuiphone_respond(void *rdata, int code)
{
    pjsip_dialog *dialog;

    if (!rdata || code < 200 || code > 699)
        return PJ_EINVAL;
    dialog = pjsip_rdata_get_dlg(rdata);
    if (!dialog)
        return PJ_EINVALIDOP;
    return pjsip_dlg_respond(dialog, rdata, code, NULL, NULL, NULL);
}

static pj_bool_t is_method(const pjsip_method *method, const char *name)
{
    return pj_stricmp2(&method->name, name) == 0;
}

static pj_bool_t is_harmless_event(const pjsip_msg *msg)
{
    static const pj_str_t name = {"Event", 5};
    static const pj_str_t short_name = {"o", 1};
    const pjsip_hdr *hdr;
    char text[64];
    int size;

    hdr = pjsip_msg_find_hdr_by_names(msg, &name, &short_name, NULL);
    if (!hdr)
        return PJ_FALSE;
    size = pjsip_hdr_print_on((void *)hdr, text, sizeof(text) - 1);
    if (size <= 0)
        return PJ_FALSE;
    text[size] = '\0';
    return strstr(text, "check-sync") || strstr(text, "keep-alive");
}

/* 0: no answer at all. */
static int usual_answer(const pjsip_msg *msg)
{
    static const char *const dialog_only[] = {"BYE", "CANCEL", "PRACK",
                                              "UPDATE"};
    static const char *const refused[] = {"REFER",    "INFO",    "PUBLISH",
                                          "REGISTER", "MESSAGE", "OPTIONS",
                                          "INVITE"};
    const pjsip_method *method = &msg->line.req.method;
    unsigned i;

    if (method->id == PJSIP_ACK_METHOD)
        return 0;
    if (is_method(method, "NOTIFY"))
        return is_harmless_event(msg) ? 200 : 489;
    if (is_method(method, "SUBSCRIBE"))
        return 489;
    for (i = 0; i < PJ_ARRAY_SIZE(dialog_only); ++i)
        if (is_method(method, dialog_only[i]))
            return 481;
    for (i = 0; i < PJ_ARRAY_SIZE(refused); ++i)
        if (is_method(method, refused[i]))
            return 405;
    return 501;
}

static int ask_handler(pjsip_rx_data *rdata)
{
    char source[PJ_INET6_ADDRSTRLEN + 10];

    if (!handler)
        return 0;
    pj_sockaddr_print(&rdata->pkt_info.src_addr, source, sizeof(source), 3);
    return (*handler)(rdata->msg_info.msg_buf, rdata->msg_info.len, source);
}

static void add_header(pjsip_hdr *list, const pjsip_hdr *hdr, pj_pool_t *pool)
{
    if (hdr)
        pj_list_push_back(list, pjsip_hdr_clone(pool, hdr));
}

static pj_bool_t on_rx_request(pjsip_rx_data *rdata)
{
    pjsip_endpoint *endpoint = pjsua_get_pjsip_endpt();
    pjsip_msg *msg = rdata->msg_info.msg;
    pj_pool_t *pool = rdata->tp_info.pool;
    int code = usual_answer(msg);
    int wanted;
    pjsip_hdr headers;

    if (code == 0)
        return PJ_FALSE;
    wanted = ask_handler(rdata);
    if (wanted < 0)
        return PJ_TRUE;
    if (wanted >= 200 && wanted <= 699)
        code = wanted;

    pj_list_init(&headers);
    if (code == 405 || code == 501)
        add_header(&headers,
                   pjsip_endpt_get_capability(endpoint, PJSIP_H_ALLOW, NULL),
                   pool);
    if (code == 489)
        add_header(&headers, pjsip_evsub_get_allow_events_hdr(NULL), pool);

    if (msg->line.req.method.id == PJSIP_CANCEL_METHOD)
        /* CANCEL has no transaction of its own to answer in. */
        pjsip_endpt_respond_stateless(endpoint, rdata, code, NULL,
                                      &headers, NULL);
    else
        pjsip_endpt_respond(endpoint, NULL, rdata, code, NULL, &headers,
                            NULL, NULL);
    return PJ_TRUE;
}

int tuiphone_requests_init(tuiphone_request_handler new_handler)
{
    pjsip_endpoint *endpoint = pjsua_get_pjsip_endpt();

    if (!endpoint)
        return PJ_EINVALIDOP;
    handler = new_handler;
    if (module.id >= 0)
        return PJ_SUCCESS;
    module = blank;
    return pjsip_endpt_register_module(endpoint, &module);
}

void tuiphone_requests_done(void)
{
    handler = NULL;
    if (module.id >= 0)
        pjsip_endpt_unregister_module(pjsua_get_pjsip_endpt(), &module);
}
