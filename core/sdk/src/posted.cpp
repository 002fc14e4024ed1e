#include <Quern/posted.h>

#include "log_p.h"

#include <QElapsedTimer>

#include <mutex>

namespace Quern {

namespace {

/// The log tells of refusals this often at most, as base::LineThrottle has it for the server: plugins link this
/// library, which knows nothing of the server's others.
constexpr qint64 reportMs = 1000;

} // namespace

void reportRefusal(const QString &what, const Error &error)
{
    static std::mutex mutex;
    static QElapsedTimer told;
    static int untold = 0;
    const std::lock_guard lock(mutex);
    if (told.isValid() && told.elapsed() < reportMs) {
        ++untold;
        return;
    }
    told.start();
    const int others = std::exchange(untold, 0);
    qCWarning(logSdk).noquote().nospace()
        << (what.isEmpty() ? QStringLiteral("what was handed over") : what) << " was refused: " << error.message()
        << (others == 0   ? QString()
            : others == 1 ? QStringLiteral("; and 1 other since the last line like this")
                          : QStringLiteral("; and %1 others since the last line like this").arg(others));
}

} // namespace Quern
