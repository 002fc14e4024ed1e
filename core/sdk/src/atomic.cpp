#include "atomiccore_p.h"

#include <Quern/atomic.h>

#include <QDeadlineTimer>

#include <algorithm>
#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace Quern {

namespace {

constexpr quint32 somebodyWaits = 1;
/// A waiter looks by itself so often: whoever has changed the number may have died before he could wake it.
constexpr std::chrono::milliseconds longestSleep{100};

void sleepWhile(std::atomic<quint32> &futex, quint32 expected, std::chrono::milliseconds time)
{
    const timespec timeout{.tv_sec = time.count() / 1000, .tv_nsec = time.count() % 1000 * 1'000'000};
    ::syscall(SYS_futex, &futex, FUTEX_WAIT, expected, &timeout, nullptr, 0);
}

void wakeSleepers(AtomicCell &cell)
{
    quint32 word = cell.futex.load(std::memory_order_seq_cst);
    while ((word & somebodyWaits) != 0) {
        if (cell.futex.compare_exchange_weak(word, (word + 2) & ~somebodyWaits, std::memory_order_seq_cst)) {
            ::syscall(SYS_futex, &cell.futex, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
            return;
        }
    }
}

} // namespace

Atomic::Atomic(std::shared_ptr<AtomicCore> core) : m_core(std::move(core)) {}

QString Atomic::name() const
{
    return m_core ? m_core->name : QString();
}

qint64 Atomic::get() const
{
    return m_core ? m_core->cell->value.load(std::memory_order_seq_cst) : 0;
}

qint64 Atomic::set(qint64 value)
{
    if (!m_core)
        return 0;
    const qint64 before = m_core->cell->value.exchange(value, std::memory_order_seq_cst);
    wakeSleepers(*m_core->cell);
    return before;
}

qint64 Atomic::add(qint64 by)
{
    if (!m_core)
        return 0;
    const qint64 before = m_core->cell->value.fetch_add(by, std::memory_order_seq_cst);
    wakeSleepers(*m_core->cell);
    return qint64(quint64(before) + quint64(by));
}

qint64 Atomic::sub(qint64 by)
{
    return add(qint64(0 - quint64(by)));
}

bool Atomic::compareAndSet(qint64 expected, qint64 value)
{
    if (!m_core || !m_core->cell->value.compare_exchange_strong(expected, value, std::memory_order_seq_cst))
        return false;
    wakeSleepers(*m_core->cell);
    return true;
}

Result<qint64> Atomic::wait(qint64 whileEquals, std::chrono::milliseconds timeout) const
{
    if (!m_core)
        return Error(Error::Invalid, QStringLiteral("a null atomic: nothing can happen to it"));
    AtomicCell &cell = *m_core->cell;
    const QDeadlineTimer deadline(timeout);
    const quint32 wakes = cell.wakes.load(std::memory_order_seq_cst);
    for (;;) {
        // First the bit, then the look: whoever changes the number behind that sees the bit.
        const quint32 word = cell.futex.fetch_or(somebodyWaits, std::memory_order_seq_cst) | somebodyWaits;
        const qint64 value = cell.value.load(std::memory_order_seq_cst);
        if (value != whileEquals || cell.wakes.load(std::memory_order_seq_cst) != wakes)
            return value;
        if (deadline.hasExpired()) {
            return Error(Error::Timeout, QStringLiteral("atomic \"%1\" was %2 for %3 ms")
                                             .arg(m_core->name)
                                             .arg(whileEquals)
                                             .arg(timeout.count()));
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.remainingTimeAsDuration());
        sleepWhile(cell.futex, word, std::min(left, longestSleep));
    }
}

void Atomic::wake()
{
    if (!m_core)
        return;
    m_core->cell->wakes.fetch_add(1, std::memory_order_seq_cst);
    wakeSleepers(*m_core->cell);
}

} // namespace Quern
