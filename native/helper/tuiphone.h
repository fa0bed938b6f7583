/* What tuiphone adds to pjsua2, linked into the same shared object.
 *
 * Called from Python through ctypes on the extension's own file:
 *
 *     import ctypes, _pjsua2
 *     lib = ctypes.CDLL(_pjsua2.__file__)
 *
 * Unless said otherwise a function is called on the thread that runs
 * libCreate and libHandleEvents (the SIP thread), between libInit and
 * libDestroy, and returns 0 (PJ_SUCCESS) or a pj_status_t.
 */
#ifndef TUIPHONE_H
#define TUIPHONE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Words separated by spaces, for example "wake respond requests ilbc isac".
 * Any thread, any time. */
const char *tuiphone_features(void);

/* ---- wake-up: libHandleEvents(5000) returns as soon as there is work ---- */

/* Registers the wake-up with the SIP endpoint, and takes the calling thread as
 * the one that sleeps. A second call does nothing. */
int tuiphone_wake_init(void);

/* Makes a running or the next libHandleEvents return. Any thread (it need not
 * be registered with PJLIB), any time, a signal handler too; many calls before
 * the SIP thread gets round to it are one wake-up. Queue first, then wake. */
void tuiphone_wake(void);

/* Call before libDestroy; tuiphone_wake stays harmless afterwards. */
void tuiphone_wake_done(void);

/* ---- requests ---------------------------------------------------------- */

/* Answers an in-dialog request (NOTIFY, INFO, OPTIONS) that the stack would
 * answer 500. Only from within onCallTsxState, with the address that
 * prm.e.body.tsxState.src.rdata.pjRxData holds; code is 200 to 699.
 *
 *     lib.tuiphone_respond.argtypes = [ctypes.c_void_p, ctypes.c_int]
 */
int tuiphone_respond(void *rdata, int code);

/* Called for each out-of-dialog request that nothing else in the stack takes
 * (REFER, NOTIFY, INFO, PUBLISH, REGISTER, unknown methods; not ACK), once per
 * transaction. text is the whole message, not terminated, valid only during the
 * call; source is "host:port" of the sender. Returns
 *     200 to 699   the status to answer with,
 *     0            answer as without a handler,
 *     below 0      drop it without an answer.
 *
 *     HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int,
 *                                ctypes.c_char_p)
 *
 * with ctypes.string_at(text, size). Keep the HANDLER object alive until
 * tuiphone_requests_done or libDestroy. */
typedef int (*tuiphone_request_handler)(const char *text, int size,
                                        const char *source);

/* Without a handler (NULL): NOTIFY check-sync and keep-alive 200, other NOTIFY
 * and SUBSCRIBE 489, REFER, INFO, PUBLISH, REGISTER, MESSAGE 405, requests that
 * make sense in a dialog only 481, unknown methods 501. A second call replaces
 * the handler. */
int tuiphone_requests_init(tuiphone_request_handler handler);
void tuiphone_requests_done(void);

/* ---- codecs ------------------------------------------------------------- */

/* Adds iLBC/8000 (mode 20 and 30), iSAC/16000 and iSAC/32000 to the codecs.
 * Between libInit and libStart. PJ_ENOTSUP when built without them. */
int tuiphone_codecs_register(void);

/* ---- settings ---------------------------------------------------------- */

/* on != 0: a UDP request stays UDP however long it is (RFC 3261 18.1.1 would
 * have it sent by TCP from 1300 bytes on). After libCreate. */
void tuiphone_set_disable_tcp_switch(int on);

/* Which codec an answer takes (RFC 3264): the first of the offer that we have
 * (offer_order != 0), or the first of ours that is offered. Counts for calls
 * that begin after it. */
void tuiphone_set_answer_order(int offer_order);

/* ---- sound ------------------------------------------------------------- */

/* How many frames sound devices have taken and brought so far: a count that
 * stands still is a device that is stuck. Counts devices that are opened after
 * the first call. SIP thread, after libInit. */
void tuiphone_sound_frames(unsigned long long *played,
                           unsigned long long *recorded);

/* ---- clean sound --------------------------------------------------------- */

/* Puts the processing on the conference bridge's master port, where it does
 * nothing until it is told to. SIP thread, after libInit, no device open. */
int tuiphone_clean_start(void);

/* noise, gain != 0: take steady noise off the microphone's signal, bring speech
 * to one level. ear_limit_db: no sample above so many dBFS (0 or less) reaches
 * the ear. Counts from the next frame on. Any thread. */
void tuiphone_clean_set(int noise, int gain, int ear_limit_db);

/* What is done to the devices' frames, in place: count samples, whole 10 ms at
 * 16000, 32000 or 48000 Hz. The threads of the devices. */
void tuiphone_clean_microphone(short *samples, int count, int rate);
void tuiphone_clean_ear(short *samples, int count, int rate);

/* ---- comfort noise (RFC 3389) --------------------------------------------- */

/* on != 0: streams that are made from now on play what the far end says of its
 * background while it sends no speech, and say what ours sounds like where silence
 * is suppressed; descriptions of ours have payload type 13, behind the codecs. */
void tuiphone_noise_set(int on);

/* ---- extended reports (RFC 3611) ------------------------------------------ */

/* A VoIP metrics block (RFC 3611 section 4.7) as it is on the wire: rates and
 * densities in 1/256, durations and delays in ms, levels in dBm0, scores times
 * ten; 127 is "unavailable" for levels, echo_loss_db, R factors and scores, 0
 * for delays. known is 0 as long as there was no block. */
typedef struct tuiphone_voip_metrics {
    int known;
    int loss_rate, discard_rate;
    int burst_density, gap_density, burst_ms, gap_ms;
    int round_trip_ms, end_system_ms;
    int signal_dbm, noise_dbm, echo_loss_db, gap_minimum;
    int r_factor, r_factor_outside, mos_lq, mos_cq;
    int configuration;
    int buffer_nominal_ms, buffer_maximum_ms, buffer_limit_ms;
} tuiphone_voip_metrics;

/* What the far end last told of the audio it gets from us (theirs), and what we
 * last told of the audio we get (ours). PJ_ENOTFOUND while the call has no audio.
 * SIP thread. */
int tuiphone_rtcp_xr(int call_id, tuiphone_voip_metrics *theirs,
                     tuiphone_voip_metrics *ours);

/* What the blocks we send say from now on: R factor, scores times ten, level in
 * dBm0; any of them out of its range is sent as unavailable. end_system_ms is
 * the delay within this phone, without the network; 0: only the jitter buffer's.
 * SIP thread. */
int tuiphone_rtcp_xr_rate(int call_id, int r_factor, int mos_lq, int mos_cq,
                          int signal_dbm, int end_system_ms);

/* The synchronization source (RFC 3550) of the audio that arrives; 0 while none
 * did. SIP thread. */
unsigned tuiphone_rtp_source(int call_id);

/* A count that changes while the system, or SRTP without keys, refuses to send
 * the call's packets; it begins again after some fifty. SIP thread. */
unsigned tuiphone_rtp_refusals(int call_id);

/* ---- host names --------------------------------------------------------- */

/* From now on requests for a host that was set go where it says; others are
 * looked up by the library. SIP thread, after libInit. */
int tuiphone_hosts_start(void);

/* The servers behind a host name as a URI has it (port 0: none in the URI), of a
 * transport (PJSIP_TRANSPORT_UDP, TCP or TLS): "192.0.2.1:5060 [2001:db8::1]:5060",
 * the best first. Where a connection fails, the next one is tried. SIP thread. */
int tuiphone_host_set(const char *name, int port, int type,
                      const char *addresses);

/* Before libDestroy: forgets every host. */
void tuiphone_hosts_done(void);

/* ---- the way through NATs ------------------------------------------------ */

/* The STUN server for an account's media ("192.0.2.1:3478", "[2001:db8::1]:3478"),
 * which is taken to answer; "" for none. PJ_EINVAL where there is no such account.
 * Counts for calls that begin after it. SIP thread. */
int tuiphone_account_stun(int account, const char *address);

/* Whom an account's TURN over TLS trusts: verify != 0 demands a certificate for
 * server_name (a host or an address) that an authority of ca_file (PEM) has
 * signed. After each creation and modification of the account. SIP thread. */
int tuiphone_account_turn_tls(int account, const char *server_name,
                              const char *ca_file, int verify);

/* ---- recording ---------------------------------------------------------- */

/* Begins a stereo WAV file (16-bit PCM, mode 0600, which must not exist) and
 * sets the bridge's slots to connect sources to: the agent's voice (left) and
 * the far end's (right). Returns the recording's number, or -errno. A thread of
 * its own writes; its header is true at any time. SIP thread. */
int tuiphone_record_start(const char *path, int rate, int *agent, int *far);

/* on != 0: silence is written instead, from a cue point "pause" on to one named
 * "resume". */
int tuiphone_record_pause(int id, int on);

/* 0, or the errno that ended the recording (ENOSPC: the disk is full). */
int tuiphone_record_error(int id);

/* Ends it, waits until the file is complete; 0 or an errno. SIP thread. */
int tuiphone_record_stop(int id);

#ifdef __cplusplus
}
#endif
#endif
