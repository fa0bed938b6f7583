/* iLBC and iSAC for the pjsua program, which is linked with --wrap=pjsua_init: it is to have
 * the codecs that the phone has, for it is what the phone is measured against. */
#include "tuiphone.h"

#include <pjsua-lib/pjsua.h>

pj_status_t __real_pjsua_init(const pjsua_config *ua, const pjsua_logging_config *log,
                              const pjsua_media_config *media);

pj_status_t __wrap_pjsua_init(const pjsua_config *ua, const pjsua_logging_config *log,
                              const pjsua_media_config *media)
{
    pj_status_t status = __real_pjsua_init(ua, log, media);

    return status == PJ_SUCCESS ? tuiphone_codecs_register() : status;
}
