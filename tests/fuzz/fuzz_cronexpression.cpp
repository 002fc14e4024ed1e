#include "fuzzsupport.h"

#include "cron/cronexpression.h"

#include <array>

using namespace Quern;
using Quern::fuzz::fail;

namespace {

/// Zones whose clocks change, by an hour, by half of one, and at midnight, and one whose clock does not.
const std::array<QByteArray, 4> zones = {"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut"};

} // namespace

/// The input: four bytes of time, seconds from 1970 on, one byte for the zone, then the expression.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5)
        return 0;
    const QByteArrayView text(data + 5, qsizetype(size) - 5);
    const Result<cron::CronExpression> expression = cron::CronExpression::parse(QString::fromUtf8(text));
    if (!expression) {
        if (expression.error().message().isEmpty())
            fail("refused without a word", text);
        return 0;
    }
    const Result<cron::CronExpression> again = cron::CronExpression::parse(expression->text());
    if (!again || !(*again == *expression))
        fail("what was read is not read again", text);

    quint32 seconds = 0;
    for (size_t i = 0; i < 4; ++i)
        seconds = seconds << 8 | data[i];
    const QTimeZone zone(zones.at(data[4] % zones.size()));
    std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    for (int i = 0; i < 3; ++i) {
        const auto next = expression->next(time, zone);
        if (!next)
            return 0;
        if (*next <= time)
            fail("the next time is not after the one before", text);
        // Whatever is asked between the two has the same answer.
        const auto middle = time + (*next - time) / 2;
        if (expression->next(middle, zone) != next)
            fail("a time lies between two that follow each other", text);
        time = *next;
    }
    return 0;
}
