#include "processmark_p.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <array>
#include <atomic>
#include <cerrno>

#include <csignal>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace Quern {

namespace {

constexpr int pidBits = 22; ///< PID_MAX_LIMIT of Linux
constexpr quint32 pidMask = (1U << pidBits) - 1;

std::atomic<quint32> &knownMark()
{
    static std::atomic<quint32> mark = 0;
    return mark;
}

/// 1 to 255 for the moment at which a process started; 0 if that cannot be told. See proc(5), /proc/pid/stat.
quint32 startOf(quint32 pid)
{
    const QByteArray path = "/proc/" + QByteArray::number(pid) + "/stat";
    const int file = ::open(path.constData(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    std::array<char, 1024> bytes;
    const ssize_t size = ::read(file, bytes.data(), bytes.size());
    ::close(file);
    const QByteArray text(bytes.data(), qMax<qsizetype>(size, 0));
    // The name of the program stands in parentheses, and may have spaces and more of them. Then comes the third field.
    constexpr qsizetype startField = 22 - 3;
    const QList<QByteArray> fields = text.sliced(text.lastIndexOf(')') + 1).trimmed().split(' ');
    return fields.size() > startField ? quint32(fields[startField].toULongLong() % 255) + 1 : 0;
}

quint32 findMark()
{
    static const bool isWatched =
        ::pthread_atfork(nullptr, nullptr, [] { knownMark().store(0, std::memory_order_relaxed); }) == 0;
    const auto pid = quint32(::getpid());
    if (!isWatched)
        return pid;
    // One and the same for all threads, even if one of them could not read the start.
    quint32 known = 0;
    const quint32 found = startOf(pid) << pidBits | pid;
    return knownMark().compare_exchange_strong(known, found, std::memory_order_relaxed) ? found : known;
}

} // namespace

quint32 processMark()
{
    const quint32 mark = knownMark().load(std::memory_order_relaxed);
    return mark != 0 ? mark : findMark();
}

bool isProcessGone(quint32 mark)
{
    const quint32 pid = mark & pidMask;
    if (::kill(pid_t(pid), 0) != 0 && errno == ESRCH)
        return true;
    const quint32 start = mark >> pidBits;
    const quint32 startNow = start != 0 ? startOf(pid) : 0;
    return startNow != 0 && startNow != start;
}

} // namespace Quern
