#include "dispatch/topnames.h"

#include "dispatch/directorylisting.h"

#include <QVarLengthArray>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace Quern::dispatch {

namespace {

/// File systems of this machine, whose folders tell by their change time that a name has come.
constexpr long trustedSystems[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
                                   F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, 0x2fc12fc1 /* ZFS */};

/// Longer than the tick of any of their clocks.
constexpr qint64 settleNs = 100'000'000;

qint64 nanoseconds(const timespec &time)
{
    return qint64(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Whether \a name may stand for another one: with letters beyond ASCII, or as a short name ("PROGRA~1").
bool isAmbiguous(QByteArrayView name)
{
    return std::any_of(name.begin(), name.end(), [](char c) { return c == '~' || static_cast<quint8>(c) >= 0x80; });
}

} // namespace

std::unique_ptr<TopNames> TopNames::of(int folder)
{
    struct statfs system = {};
    const bool isTrusted = ::fstatfs(folder, &system) == 0 &&
                           std::find(std::begin(trustedSystems), std::end(trustedSystems), long(system.f_type)) !=
                               std::end(trustedSystems);
    return isTrusted ? std::make_unique<TopNames>() : nullptr;
}

bool TopNames::mayHold(int folder, QByteArrayView path)
{
    const qsizetype slash = path.indexOf('/');
    const QByteArrayView name = slash < 0 ? path : path.first(slash);
    if (name.isEmpty() || name == "." || isAmbiguous(name))
        return true;
    // Another thread reads: a look of one's own is as quick as to wait.
    if (!m_mutex.tryLock())
        return true;
    const std::lock_guard unlock(m_mutex, std::adopt_lock);
    const base::MonotonicTime now = base::coarseNow();
    if (m_state == State::Unknown || now != m_looked) {
        m_looked = now;
        struct stat status = {};
        if (::fstat(folder, &status) != 0)
            return true;
        if (m_state == State::Unknown || nanoseconds(status.st_ctim) != nanoseconds(m_changed))
            m_state = read(folder, status.st_ctim);
    }
    if (m_state != State::Known)
        return true;
    QVarLengthArray<char, 256> folded(name.size());
    std::transform(name.begin(), name.end(), folded.begin(), lower);
    return m_names.contains(QByteArray::fromRawData(folded.constData(), folded.size()));
}

TopNames::State TopNames::read(int folder, const timespec &changed)
{
    timespec now = {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    // More may come within the same tick.
    if (nanoseconds(now) - nanoseconds(changed) < settleNs)
        return State::Unknown;
    m_names.clear();
    m_changed = changed;
    bool isWhole = true;
    const bool isRead = visitFolder(folder, [&](const dirent &entry) {
        isWhole = m_names.size() < MaxNames;
        QByteArray name(entry.d_name);
        std::transform(name.begin(), name.end(), name.begin(), lower);
        m_names.insert(name);
        return isWhole;
    });
    struct stat after = {};
    if (::fstat(folder, &after) != 0 || nanoseconds(after.st_ctim) != nanoseconds(changed))
        return State::Unknown;
    return isRead && isWhole ? State::Known : State::Unusable;
}

} // namespace Quern::dispatch
