/* Clean sound: noise suppression and gain control for the microphone, a limiter for the ear.
 *
 * They sit on the conference bridge's master port, the one place that all sound of the devices
 * passes: behind the echo canceller, which must hear the microphone as it is, and before the
 * canceller's reference, which must be what the ear really hears. pjmedia's own switches work
 * inside of its canceller only and are read when that is made; its gain control only lifts.
 */
#include "tuiphone.h"

#include <atomic>
#include <cmath>
#include <memory>

#include <pjsua-lib/pjsua.h>
#include <pjsua-lib/pjsua_internal.h>

#include "modules/audio_processing/audio_buffer.h"
#include "modules/audio_processing/gain_controller2.h"
#include "modules/audio_processing/ns/noise_suppressor.h"

namespace {

constexpr float FULL = 32767.0f;
/* The limiter lets go in some 200 ms: quick enough for the next word, too slow to be heard. */
constexpr float RELEASE_S = 0.2f;
/* From shout to whisper in three seconds: a third of the time WebRTC takes by default. */
constexpr float GAIN_DB_PER_S = 9.0f;
/* WebRTC's gain control lifts only. What is louder than it makes speech comes down behind it: the
 * power (of samples in the range of 16 bits) above which that is so, and how quickly this follows
 * speech that gets louder and softer, as parts per 10 ms. */
constexpr float LOUD_POWER = 5200.0f * 5200.0f;
constexpr float GETS_LOUDER = 0.1f;
constexpr float GETS_SOFTER = 0.003f;
/* It lifts no noise above this, and the noise suppressor behind it takes 18 dB off. */
constexpr float NOISE_DB = -50.0f;
constexpr float NOISE_BEFORE_SUPPRESSOR_DB = -35.0f;

/* Lives on the thread that brings the microphone's frames. */
class Cleaner {
public:
    explicit Cleaner(int rate)
        : rate_(rate), config_(rate, 1), buffer_(rate, 1, rate, 1, rate, 1)
    {
    }

    int rate() const { return rate_; }

    void process(pj_int16_t *samples, bool noise, bool gain)
    {
        buffer_.CopyFrom(samples, config_);
        /* In this order: without its breath, a whisper is no speech to the gain control. */
        control(gain, noise);
        suppress(noise);
        buffer_.CopyTo(config_, samples);
    }

private:
    void suppress(bool on)
    {
        if (!on) {
            suppressor_.reset();
            return;
        }
        if (!suppressor_) {
            webrtc::NsConfig config;
            config.target_level = webrtc::NsConfig::SuppressionLevel::k18dB;
            suppressor_ = std::make_unique<webrtc::NoiseSuppressor>(config, rate_, 1);
        }
        if (rate_ > 16000)
            buffer_.SplitIntoFrequencyBands();
        suppressor_->Analyze(buffer_);
        suppressor_->Process(&buffer_);
        if (rate_ > 16000)
            buffer_.MergeFrequencyBands();
    }

    void control(bool on, bool suppressed)
    {
        if (!on) {
            controller_.reset();
            return;
        }
        if (!controller_ || suppressed != suppressed_) {
            suppressed_ = suppressed;
            webrtc::AudioProcessing::Config::GainController2 config;
            config.adaptive_digital.enabled = true;
            config.adaptive_digital.max_gain_change_db_per_second = GAIN_DB_PER_S;
            config.adaptive_digital.max_output_noise_level_dbfs =
                suppressed ? NOISE_BEFORE_SUPPRESSOR_DB : NOISE_DB;
            controller_ = std::make_unique<webrtc::GainController2>();
            controller_->Initialize(rate_);
            controller_->ApplyConfig(config);
        }
        controller_->Process(&buffer_);
        soften(buffer_.channels()[0], buffer_.num_frames());
    }

    void soften(float *samples, size_t count)
    {
        float power = 0.0f;
        for (size_t i = 0; i < count; i++)
            power += samples[i] * samples[i];
        power /= float(count);
        power_ += (power - power_) * (power > power_ ? GETS_LOUDER : GETS_SOFTER);

        const float wanted = power_ > LOUD_POWER ? std::sqrt(LOUD_POWER / power_) : 1.0f;
        const float step = (wanted - softer_) / float(count);
        for (size_t i = 0; i < count; i++)
            samples[i] *= softer_ += step;
    }

    const int rate_;
    const webrtc::StreamConfig config_;
    webrtc::AudioBuffer buffer_;
    bool suppressed_ = false;
    float power_ = 0.0f;
    float softer_ = 1.0f;
    std::unique_ptr<webrtc::NoiseSuppressor> suppressor_;
    std::unique_ptr<webrtc::GainController2> controller_;
};

std::atomic<bool> noise_wanted{false};
std::atomic<bool> gain_wanted{false};
std::atomic<float> ear_limit{FULL};

/* Each used by one thread only: the microphone's, the ear's. */
std::unique_ptr<Cleaner> cleaner;
float ear_gain = 1.0f;

pj_status_t (*plain_put)(pjmedia_port *, pjmedia_frame *);
pj_status_t (*plain_get)(pjmedia_port *, pjmedia_frame *);

pj_status_t put(pjmedia_port *port, pjmedia_frame *frame)
{
    if (frame->type == PJMEDIA_FRAME_TYPE_AUDIO)
        tuiphone_clean_microphone(static_cast<short *>(frame->buf), int(frame->size / 2),
                                  int(PJMEDIA_PIA_SRATE(&port->info)));
    return plain_put(port, frame);
}

pj_status_t get(pjmedia_port *port, pjmedia_frame *frame)
{
    pj_status_t status = plain_get(port, frame);
    if (status == PJ_SUCCESS && frame->type == PJMEDIA_FRAME_TYPE_AUDIO)
        tuiphone_clean_ear(static_cast<short *>(frame->buf), int(frame->size / 2),
                           int(PJMEDIA_PIA_SRATE(&port->info)));
    return status;
}

} // namespace

extern "C" void tuiphone_clean_microphone(short *samples, int count, int rate)
{
    const bool noise = noise_wanted.load(std::memory_order_relaxed);
    const bool gain = gain_wanted.load(std::memory_order_relaxed);
    const int step = rate / 100;

    if (!noise && !gain) {
        cleaner.reset();
        return;
    }
    if ((rate != 16000 && rate != 32000 && rate != 48000) || count % step != 0)
        return;
    if (!cleaner || cleaner->rate() != rate)
        cleaner = std::make_unique<Cleaner>(rate);
    for (int i = 0; i < count; i += step)
        cleaner->process(samples + i, noise, gain);
}

extern "C" void tuiphone_clean_ear(short *samples, int count, int rate)
{
    const float limit = ear_limit.load(std::memory_order_relaxed);
    const float release = 1.0f / (RELEASE_S * float(rate));

    for (int i = 0; i < count; i++) {
        const float loudness = std::fabs(float(samples[i]));
        if (loudness * ear_gain > limit)
            ear_gain = limit / loudness;
        samples[i] = short(float(samples[i]) * ear_gain); /* towards zero: never above */
        ear_gain += (1.0f - ear_gain) * release;
    }
}

extern "C" void tuiphone_clean_set(int noise, int gain, int ear_limit_db)
{
    noise_wanted.store(noise != 0, std::memory_order_relaxed);
    gain_wanted.store(gain != 0, std::memory_order_relaxed);
    ear_limit.store(FULL * std::pow(10.0f, float(PJ_MIN(ear_limit_db, 0)) / 20.0f),
                    std::memory_order_relaxed);
}

extern "C" int tuiphone_clean_start(void)
{
    pjmedia_port *port = pjmedia_conf_get_master_port(pjsua_var.mconf);

    if (!port)
        return PJ_EINVALIDOP;
    if (port->put_frame == &put)
        return PJ_SUCCESS;
    plain_put = port->put_frame;
    plain_get = port->get_frame;
    port->put_frame = &put;
    port->get_frame = &get;
    return PJ_SUCCESS;
}
