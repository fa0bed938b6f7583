/* What WebRTC's checks call when one fails; its own would need half of its base library. */
#include <stdio.h>
#include <stdlib.h>

void rtc_FatalMessage(const char *file, int line, const char *message);

void rtc_FatalMessage(const char *file, int line, const char *message)
{
    fprintf(stderr, "voice codec: %s:%d: %s\n", file, line, message);
    abort();
}
