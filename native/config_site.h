/* pjproject's compile-time settings for tuiphone. */
#define PJ_HAS_IPV6                             1
#define PJ_IOQUEUE_MAX_HANDLES                  1024
/* Plain epoll: each ioqueue has one thread, and the exclusive mode that is the default
 * costs four system calls more for each packet. */
#define PJ_IOQUEUE_DEFAULT_EPOLL_FLAGS          0

#define PJMEDIA_HAS_VIDEO                       0
#define PJMEDIA_HAS_G7221_CODEC                 0

#define PJMEDIA_HAS_SRTP                        1
#define PJMEDIA_SRTP_HAS_SDES                   1
#define PJMEDIA_SRTP_HAS_DTLS                   1
#define PJMEDIA_SRTP_HAS_AES_GCM_256            1
#define PJMEDIA_SRTP_HAS_AES_GCM_128            1
/* Distributions build libsrtp2 on NSS, OpenSSL or its own ciphers: the names without a
 * suffix are there in each, and without them the module does not load. */
#define srtp_aes_gcm_256_openssl                srtp_aes_gcm_256
#define srtp_aes_gcm_128_openssl                srtp_aes_gcm_128

/* Extended reports (RFC 3611) are announced, taken and sent. */
#define PJMEDIA_HAS_RTCP_XR                     1
#define PJMEDIA_STREAM_ENABLE_XR                1

/* With silence detection on, a pause is a pause: no single packet every five seconds. */
#define PJMEDIA_CODEC_MAX_SILENCE_PERIOD        (-1)
#define PJMEDIA_HAS_SPEEX_AEC                   1
#define PJMEDIA_SPEEX_AEC_USE_AGC               0

/* Old gateways expect 101, whatever the offer says. */
#define PJMEDIA_RTP_PT_TELEPHONE_EVENTS         101
#define PJMEDIA_TELEPHONE_EVENT_ALL_CLOCKRATES  0

#define PJSUA_MAX_CALLS                         64
#define PJSUA_MAX_ACC                           64
#define PJSUA_MAX_PLAYERS                       128
#define PJSUA_MAX_RECORDERS                     128
