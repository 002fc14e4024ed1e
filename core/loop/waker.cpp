#include "loop/waker.h"

#include <QThread>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace Quern::loop {

Waker::Waker() : m_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    if (!m_descriptor.isValid())
        qFatal("Quern::loop::Waker: eventfd: %s", qPrintable(qt_error_string(errno)));
}

void Waker::signal()
{
    if (m_owner.load(std::memory_order_relaxed) == QThread::currentThreadId()) {
        m_ownSignal = true;
        return;
    }
    if (m_state.exchange(Signalled, std::memory_order_acq_rel) != Sleeping)
        return;
    const quint64 one = 1;
    while (::write(m_descriptor.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void Waker::adopt()
{
    m_owner.store(QThread::currentThreadId(), std::memory_order_relaxed);
}

bool Waker::take()
{
    const bool own = std::exchange(m_ownSignal, false);
    if (m_state.load(std::memory_order_relaxed) == Awake)
        return own;
    return m_state.exchange(Awake, std::memory_order_acq_rel) == Signalled || own;
}

bool Waker::beginSleep()
{
    State expected = Awake;
    return !m_ownSignal && m_state.compare_exchange_strong(expected, Sleeping, std::memory_order_acq_rel);
}

bool Waker::sleep(Timeout timeout)
{
    pollfd descriptor = {m_descriptor.get(), POLLIN, 0};
    timespec limit = {};
    if (timeout)
        limit = toTimespec(*timeout);
    const int count = ::ppoll(&descriptor, 1, timeout ? &limit : nullptr, nullptr);
    if (count < 0)
        return errno != EINTR;
    if (count > 0) {
        // poll() is level-triggered: what is left here would cut the next sleep short.
        quint64 ignored;
        while (::read(m_descriptor.get(), &ignored, sizeof ignored) < 0 && errno == EINTR) {
        }
    }
    return true;
}

} // namespace Quern::loop
