/* The way of an account's media through NATs: what pjsua2 has no setting for. */
#include "tuiphone.h"

#include <pjsua-lib/pjsua.h>
#include <pjsua-lib/pjsua_internal.h>

int tuiphone_account_stun(int account, const char *address)
{
    pj_sockaddr server;
    pj_status_t status = PJ_SUCCESS;
    pj_str_t text;

    if (!pjsua_acc_is_valid(account))
        return PJ_EINVAL;
    pj_bzero(&server, sizeof(server));
    if (*address)
        status = pj_sockaddr_parse(pj_AF_UNSPEC(), 0,
                                   pj_cstr(&text, address), &server);
    if (status == PJ_SUCCESS) {
        PJSUA_LOCK();
        pjsua_var.acc[account].stun_srv = server;
        PJSUA_UNLOCK();
    }
    return status;
}

int tuiphone_account_turn_tls(int account, const char *server_name,
                              const char *ca_file, int verify)
{
    pjsua_acc *acc;
    pj_turn_sock_tls_cfg *tls;

    if (!pjsua_acc_is_valid(account))
        return PJ_EINVAL;
    PJSUA_LOCK();
    acc = &pjsua_var.acc[account];
    tls = &acc->cfg.turn_cfg.turn_tls_setting;
    pj_strdup2_with_null(acc->pool, &tls->ca_list_file, ca_file);
    pj_strdup2_with_null(acc->pool, &tls->ssock_param.server_name, server_name);
    tls->ssock_param.verify_peer = verify != 0;
    tls->ssock_param.proto = PJ_SSL_SOCK_PROTO_TLS1_2 | PJ_SSL_SOCK_PROTO_TLS1_3;
    PJSUA_UNLOCK();
    return PJ_SUCCESS;
}
