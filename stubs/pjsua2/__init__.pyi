# pjsua2 (PJSIP 2.17, SWIG) as far as tuiphone uses it. Vectors are those of SWIG: indexed, and appended to.
from collections.abc import Iterator
from typing import Generic, TypeVar

_T = TypeVar("_T")

class _Vector(Generic[_T]):
    def __init__(self) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> _T: ...
    def __iter__(self) -> Iterator[_T]: ...
    def append(self, item: _T) -> None: ...

TransportHandle = object

PJSUA_INVALID_ID: int
PJSUA_CALL_UNHOLD: int
PJSUA_CALL_MEDIA_NONE: int
PJSUA_CALL_MEDIA_ERROR: int
PJSUA_CALL_MEDIA_LOCAL_HOLD: int
PJSUA_DTMF_METHOD_RFC2833: int
PJSUA_DTMF_METHOD_SIP_INFO: int
PJSUA_SND_DEV_SPEAKER_ONLY: int
PJSUA_DESTROY_NO_NETWORK: int
PJSIP_EVENT_RX_MSG: int
PJSIP_EVENT_TSX_STATE: int
PJSIP_INV_STATE_EARLY: int
PJSIP_INV_STATE_CONNECTING: int
PJSIP_INV_STATE_CONFIRMED: int
PJSIP_INV_STATE_DISCONNECTED: int
PJSIP_ROLE_UAS: int
PJSIP_SC_DECLINE: int
PJSIP_SC_NOT_ACCEPTABLE_HERE: int
PJSIP_TP_STATE_CONNECTED: int
PJSIP_TP_STATE_DISCONNECTED: int
PJSIP_TRANSPORT_UDP: int
PJSIP_TRANSPORT_TCP: int
PJSIP_TRANSPORT_TLS: int
PJSIP_TSX_STATE_TRYING: int
PJSIP_TSX_STATE_PROCEEDING: int
PJSIP_TSX_STATE_COMPLETED: int
PJSIP_TSX_STATE_TERMINATED: int
PJMEDIA_DIR_ENCODING: int
PJMEDIA_DIR_DECODING: int
PJMEDIA_ECHO_SPEEX: int
PJMEDIA_ECHO_WEBRTC: int
PJMEDIA_ECHO_WEBRTC_AEC3: int
PJMEDIA_ECHO_USE_NOISE_SUPPRESSOR: int
PJMEDIA_EVENT_AUD_DEV_ERROR: int
PJMEDIA_FILE_NO_LOOP: int
PJMEDIA_SRTP_DISABLED: int
PJMEDIA_SRTP_OPTIONAL: int
PJMEDIA_SRTP_MANDATORY: int
PJMEDIA_SRTP_KEYING_SDES: int
PJMEDIA_SRTP_KEYING_DTLS_SRTP: int
PJMEDIA_TYPE_AUDIO: int
PJ_QOS_PARAM_HAS_DSCP: int
PJ_TURN_TP_UDP: int
PJ_TURN_TP_TCP: int
PJ_TURN_TP_TLS: int
PJSUA_IPV6_DISABLED: int
PJSUA_IPV6_ENABLED_USE_IPV6_ONLY: int
PJSUA_STUN_USE_DEFAULT: int
PJSUA_STUN_USE_DISABLED: int
PJ_SSL_CERT_EISSUER_NOT_FOUND: int
PJ_SSL_CERT_EUNTRUSTED: int
PJ_SSL_CERT_EVALIDITY_PERIOD: int
PJ_SSL_CERT_ECHAIN_TOO_LONG: int
PJ_SSL_CERT_EREVOKED: int
PJ_SSL_CERT_EIDENTITY_NOT_MATCH: int
PJ_SSL_SOCK_PROTO_TLS1_2: int
PJ_SSL_SOCK_PROTO_TLS1_3: int

class Error(Exception):
    status: int
    reason: str
    title: str
    def info(self, multi_line: bool = False) -> str: ...

# --- endpoint

class LogConfig:
    level: int
    consoleLevel: int
    msgLogging: int
    filename: str

class UaConfig:
    threadCnt: int
    mainThreadOnly: bool
    maxCalls: int
    userAgent: str
    natTypeInSdp: int

class MediaConfig:
    clockRate: int
    quality: int
    noVad: bool
    sndAutoCloseTime: int
    sndPlayLatency: int
    ecTailLen: int
    ecOptions: int
    jbInit: int
    jbMinPre: int
    jbMax: int

class EpConfig:
    uaConfig: UaConfig
    logConfig: LogConfig
    medConfig: MediaConfig
    def __init__(self) -> None: ...

class Version:
    full: str

class CodecInfo:
    codecId: str
    priority: int

class SslCertInfo:
    subjectCn: str
    raw: str

class TlsInfo:
    def isEmpty(self) -> bool: ...
    remoteAddr: str
    verifyStatus: int
    remoteCertInfo: SslCertInfo

class OnTransportStateParam:
    hnd: TransportHandle
    type: str
    state: int
    lastError: int
    tlsInfo: TlsInfo

class OnRejectedIncomingCallParam:
    callId: int
    statusCode: int
    reason: str
    rdata: SipRxData

class MediaEvent:
    type: int

class OnMediaEventParam:
    ev: MediaEvent

class Endpoint:
    @staticmethod
    def instance() -> Endpoint: ...
    def __init__(self) -> None: ...
    def libCreate(self) -> None: ...
    def libInit(self, config: EpConfig) -> None: ...
    def libStart(self) -> None: ...
    def libVersion(self) -> Version: ...
    def libHandleEvents(self, msec_timeout: int) -> int: ...
    def libDestroy(self, flags: int = 0) -> None: ...
    def utilStrError(self, status: int) -> str: ...
    def transportCreate(self, type: int, config: TransportConfig) -> int: ...
    def transportShutdown(self, handle: TransportHandle) -> None: ...
    def audDevManager(self) -> AudDevManager: ...
    def codecEnum2(self) -> _Vector[CodecInfo]: ...
    def codecSetPriority(self, codec_id: str, priority: int) -> None: ...
    def codecGetParam(self, codec_id: str) -> CodecParam: ...
    def codecSetParam(self, codec_id: str, param: CodecParam) -> None: ...
    def getCodecOpusConfig(self) -> CodecOpusConfig: ...
    def setCodecOpusConfig(self, config: CodecOpusConfig) -> None: ...
    def onTransportState(self, prm: OnTransportStateParam) -> None: ...
    def onRejectedIncomingCall(self, prm: OnRejectedIncomingCallParam) -> None: ...
    def onMediaEvent(self, prm: OnMediaEventParam) -> None: ...

# --- transports

class TlsConfig:
    CaListFile: str
    certFile: str
    privKeyFile: str
    proto: int
    verifyServer: bool
    msecTimeout: int
    qosParams: QosParams

class QosParams:
    flags: int
    dscp_val: int

class TransportConfig:
    port: int
    portRange: int
    boundAddress: str
    publicAddress: str
    qosParams: QosParams
    tlsConfig: TlsConfig
    def __init__(self) -> None: ...

# --- accounts

class AuthCredInfo:
    def __init__(self, scheme: str, realm: str, user_name: str, data_type: int, data: str) -> None: ...

class AccountRegConfig:
    registrarUri: str
    registerOnAdd: bool
    disableRegOnModify: bool
    timeoutSec: int
    retryIntervalSec: int
    firstRetryIntervalSec: int
    unregWaitMsec: int

class AccountSipConfig:
    authCreds: _Vector[AuthCredInfo]
    proxies: _Vector[str]
    transportId: int
    ipv6Use: int

class SrtpCrypto:
    name: str
    def __init__(self) -> None: ...

class SrtpOpt:
    keyings: _Vector[int]
    cryptos: _Vector[SrtpCrypto]

class AccountNatConfig:
    iceEnabled: bool
    sipStunUse: int
    mediaStunUse: int
    turnEnabled: bool
    turnServer: str
    turnConnType: int
    turnUserName: str
    turnPasswordType: int
    turnPassword: str

class AccountMediaConfig:
    transportConfig: TransportConfig
    srtpUse: int
    srtpSecureSignaling: int
    srtpOpt: SrtpOpt
    ipv6Use: int

class AccountConfig:
    idUri: str
    regConfig: AccountRegConfig
    sipConfig: AccountSipConfig
    mediaConfig: AccountMediaConfig
    natConfig: AccountNatConfig
    def __init__(self) -> None: ...

class SipRxData:
    info: str
    wholeMsg: str
    srcAddress: str
    pjRxData: object

class OnRegStateParam:
    status: int
    code: int
    reason: str
    rdata: SipRxData
    expiration: int

class OnIncomingCallParam:
    callId: int
    rdata: SipRxData

class SipHeader:
    hName: str
    hValue: str

class SipHeaderVector:
    def append(self, header: SipHeader) -> None: ...

class SipTxOption:
    targetUri: str
    contentType: str
    msgBody: str
    headers: SipHeaderVector

class SendRequestParam:
    method: str
    txOption: SipTxOption

class OnSendRequestParam:
    e: SipEvent

class Account:
    def __init__(self) -> None: ...
    def sendRequest(self, prm: SendRequestParam) -> None: ...
    def onSendRequest(self, prm: OnSendRequestParam) -> None: ...
    def getId(self) -> int: ...
    def create(self, config: AccountConfig, make_default: bool = False) -> None: ...
    def modify(self, config: AccountConfig) -> None: ...
    def shutdown(self) -> None: ...
    def setRegistration(self, renew: bool) -> None: ...
    def onRegState(self, prm: OnRegStateParam) -> None: ...
    def onIncomingCall(self, prm: OnIncomingCallParam) -> None: ...

# --- events of a call

class SipTransaction:
    role: int
    method: str
    statusCode: int
    statusText: str
    state: int
    pjTransaction: object

class TsxStateEventSrc:
    rdata: SipRxData

class TsxStateEvent:
    src: TsxStateEventSrc
    tsx: SipTransaction
    prevState: int
    type: int

class RxMsgEvent:
    rdata: SipRxData

class SipEventBody:
    tsxState: TsxStateEvent
    rxMsg: RxMsgEvent

class SipEvent:
    type: int
    body: SipEventBody

class SdpSession:
    wholeSdp: str

class OnCallStateParam:
    e: SipEvent

class OnCallTsxStateParam:
    e: SipEvent

class OnCallMediaStateParam: ...

class OnCallSdpCreatedParam:
    sdp: SdpSession
    remSdp: SdpSession

class OnDtmfDigitParam:
    method: int
    digit: str
    duration: int

class OnCallRxReinviteParam:
    opt: CallSetting

class OnCallRxOfferParam:
    opt: CallSetting

class OnCallTxOfferParam:
    opt: CallSetting

class OnCallTransferRequestParam:
    statusCode: int

class OnCallReplaceRequestParam:
    statusCode: int

# --- calls

class CallSetting:
    flag: int
    audioCount: int
    videoCount: int
    textCount: int

class CallOpParam:
    opt: CallSetting
    statusCode: int
    reason: str
    def __init__(self, use_default_call_setting: bool = False) -> None: ...

class CallSendDtmfParam:
    method: int
    duration: int
    digits: str
    def __init__(self) -> None: ...

class CallMediaInfo:
    index: int
    type: int
    dir: int
    status: int
    audioConfSlot: int

class CallInfo:
    callIdString: str
    state: int
    lastStatusCode: int
    lastReason: str
    media: _Vector[CallMediaInfo]

class CodecParamInfo:
    clockRate: int
    channelCnt: int
    frameLen: int

class CodecFmtp:
    name: str
    val: str

class CodecFmtpVector:
    def append(self, item: CodecFmtp) -> None: ...

class CodecOpusConfig:
    bit_rate: int
    packet_loss: int
    complexity: int

class CodecParamSetting:
    frmPerPkt: int
    vad: bool
    plc: bool
    decFmtp: CodecFmtpVector

class CodecParam:
    info: CodecParamInfo
    setting: CodecParamSetting

class StreamInfo:
    txPt: int
    remoteRtpAddress: str
    codecName: str
    codecClockRate: int
    audCodecParam: CodecParam

class MathStat:
    n: int
    last: int
    mean: int

class MediaTransportInfo:
    localRtpName: str
    srcRtpName: str

class RtcpStreamStat:
    updateCount: int
    lossPeriodUsec: MathStat
    pkt: int
    bytes: int
    discard: int
    loss: int
    jitterUsec: MathStat

class RtcpSdes:
    cname: str

class RtcpStat:
    peerSdes: RtcpSdes
    txStat: RtcpStreamStat
    rxStat: RtcpStreamStat
    rttUsec: MathStat

class JbufState:
    avgDelayMsec: int
    discard: int
    empty: int

class StreamStat:
    rtcp: RtcpStat
    jbuf: JbufState

class Call:
    def __init__(self, account: Account, call_id: int = ...) -> None: ...
    def getInfo(self) -> CallInfo: ...
    def getId(self) -> int: ...
    def getAudioMedia(self, med_idx: int) -> AudioMedia: ...
    def getStreamInfo(self, med_idx: int) -> StreamInfo: ...
    def getMedTransportInfo(self, med_idx: int) -> MediaTransportInfo: ...
    def getStreamStat(self, med_idx: int) -> StreamStat: ...
    def makeCall(self, uri: str, prm: CallOpParam) -> None: ...
    def answer(self, prm: CallOpParam) -> None: ...
    def hangup(self, prm: CallOpParam) -> None: ...
    def setHold(self, prm: CallOpParam) -> None: ...
    def reinvite(self, prm: CallOpParam) -> None: ...
    def sendDtmf(self, prm: CallSendDtmfParam) -> None: ...
    def dump(self, with_media: bool, indent: str) -> str: ...
    def onCallState(self, prm: OnCallStateParam) -> None: ...
    def onCallTsxState(self, prm: OnCallTsxStateParam) -> None: ...
    def onCallMediaState(self, prm: OnCallMediaStateParam) -> None: ...
    def onCallSdpCreated(self, prm: OnCallSdpCreatedParam) -> None: ...
    def onDtmfDigit(self, prm: OnDtmfDigitParam) -> None: ...
    def onCallRxReinvite(self, prm: OnCallRxReinviteParam) -> None: ...
    def onCallRxOffer(self, prm: OnCallRxOfferParam) -> None: ...
    def onCallTxOffer(self, prm: OnCallTxOfferParam) -> None: ...
    def onCallTransferRequest(self, prm: OnCallTransferRequestParam) -> None: ...
    def onCallReplaceRequest(self, prm: OnCallReplaceRequestParam) -> None: ...

# --- sound

class AudioMediaTransmitParam:
    level: float
    def __init__(self) -> None: ...

class AudioMedia:
    def __init__(self) -> None: ...
    def getPortId(self) -> int: ...
    def startTransmit(self, sink: AudioMedia) -> None: ...
    def startTransmit2(self, sink: AudioMedia, param: AudioMediaTransmitParam) -> None: ...
    def stopTransmit(self, sink: AudioMedia) -> None: ...
    def adjustRxLevel(self, level: float) -> None: ...
    def adjustTxLevel(self, level: float) -> None: ...
    def getRxLevel(self) -> int: ...
    def getTxLevel(self) -> int: ...

class AudioMediaPlayer(AudioMedia):
    def createPlayer(self, file_name: str, options: int = 0) -> None: ...
    def onEof2(self) -> None: ...

class AudioMediaRecorder(AudioMedia):
    def createRecorder(self, file_name: str, enc_type: int = 0, max_size: int = 0, options: int = 0) -> None: ...

class ToneDesc:
    freq1: int
    freq2: int
    on_msec: int
    off_msec: int
    volume: int
    def __init__(self) -> None: ...

class ToneDigit:
    digit: str
    on_msec: int
    off_msec: int
    volume: int
    def __init__(self) -> None: ...

class ToneDescVector(_Vector[ToneDesc]): ...
class ToneDigitVector(_Vector[ToneDigit]): ...

class ToneGenerator(AudioMedia):
    def createToneGenerator(self, clock_rate: int = 16000, channel_count: int = 1) -> None: ...
    def play(self, tones: ToneDescVector, loop: bool = False) -> None: ...
    def playDigits(self, digits: ToneDigitVector, loop: bool = False) -> None: ...
    def stop(self) -> None: ...

class AudioDevInfo:
    id: int
    name: str
    driver: str
    inputCount: int
    outputCount: int

class AudDevManager:
    def getCaptureDevMedia(self) -> AudioMedia: ...
    def setCaptureDev(self, capture_dev: int) -> None: ...
    def setPlaybackDev(self, playback_dev: int) -> None: ...
    def setSndDevMode(self, mode: int) -> None: ...
    def setNullDev(self) -> None: ...
    def setNoDev(self) -> object: ...
    def setEcOptions(self, tail_msec: int, options: int) -> None: ...
    def enumDev2(self) -> _Vector[AudioDevInfo]: ...
    def refreshDevs(self) -> None: ...
