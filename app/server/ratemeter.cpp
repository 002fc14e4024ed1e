#include "app/server/ratemeter.h"

namespace Quern::app {

namespace {

qint64 errorsOf(const admin::Totals &totals)
{
    return totals.refused + totals.failed + totals.timedOut;
}

} // namespace

void RateMeter::record(base::MonotonicTime now, const admin::Totals &totals)
{
    while (m_samples.size() > 1 && now - m_samples[1].time >= LongWindow)
        m_samples.pop_front();
    m_samples.push_back({now, totals});
}

QList<admin::Rates> RateMeter::rates(base::MonotonicTime now, const admin::Totals &totals) const
{
    QList<admin::Rates> list;
    const Sample *told = nullptr;
    for (const std::chrono::seconds window : {ShortWindow, LongWindow}) {
        // The last sample that is as old as the window, or the oldest there is.
        const Sample *from = nullptr;
        for (const Sample &sample : m_samples) {
            if (!from || now - sample.time >= window)
                from = &sample;
        }
        const double seconds = from ? std::chrono::duration<double>(now - from->time).count() : 0;
        if (seconds <= 0 || from == told)
            continue;
        told = from;
        admin::Rates rates;
        rates.window = std::chrono::duration_cast<std::chrono::milliseconds>(now - from->time);
        rates.requests = double(totals.requests - from->totals.requests) / seconds;
        rates.connections = double(totals.connections - from->totals.connections) / seconds;
        rates.errors = double(errorsOf(totals) - errorsOf(from->totals)) / seconds;
        list.append(rates);
    }
    return list;
}

} // namespace Quern::app
