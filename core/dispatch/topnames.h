#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QMutex>
#include <QSet>

#include <memory>
#include <sys/stat.h>

namespace Quern::dispatch {

/// Knows the names directly in one folder, so that a path which cannot be in it needs no look at the disk: a request
/// for the application then costs nothing, or one fstat(), instead of an openat2() that fails.
///
/// A new name is seen within a tick of the kernel's clock, some milliseconds, since that is how often it looks. What
/// was read counts only as long as the change time of the folder stays the same, which nobody can set back, and only if
/// that lay in the past when the names were read, since the clock of a file system is coarse. Names are compared as the
/// most lenient of file systems does. Any thread; reading blocks for the disk.
class TopNames
{
public:
    /// A folder with more names is not remembered.
    static constexpr qsizetype MaxNames = 4096;

    /// For the folder open as \a folder; nullptr if its file system is not known to keep change times.
    static std::unique_ptr<TopNames> of(int folder);

    /// False if \a folder, the same each time, has nothing that the relative \a path could begin with.
    bool mayHold(int folder, QByteArrayView path);

private:
    enum class State {
        Unknown,
        Known,
        Unusable, ///< too many, or not to be read, until the folder changes
    };

    State read(int folder, const timespec &changed);

    QMutex m_mutex;
    timespec m_changed{};         ///< the folder's change time when it was read
    base::MonotonicTime m_looked; ///< when that was looked at last, by the coarse clock
    State m_state = State::Unknown;
    QSet<QByteArray> m_names; ///< in lower case
};

} // namespace Quern::dispatch
