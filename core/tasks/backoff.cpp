#include "tasks/backoff.h"

#include <algorithm>
#include <cmath>

namespace Quern::tasks {

std::chrono::milliseconds delayBeforeRetry(const BackOff &backOff, quint32 attempts, double random)
{
    const double longest = double(std::max<qint64>(backOff.longest.count(), 0));
    const double factor = std::max(1.0, double(backOff.factor));
    const double steps = double(std::max<quint32>(attempts, 1) - 1);
    // A power that is too large for a double is infinite, and cut as any other.
    const double grown = double(std::max<qint64>(backOff.first.count(), 0)) * std::pow(factor, steps);
    const double delay = std::isnan(grown) ? 0 : std::min(grown, longest);
    const double spread = std::min<double>(backOff.jitterPercent, 100) / 100;
    const double spreadDelay = delay * (1 + spread * (2 * std::clamp(random, 0.0, 1.0) - 1));
    return std::chrono::milliseconds(qint64(std::min(spreadDelay, longest)));
}

} // namespace Quern::tasks
