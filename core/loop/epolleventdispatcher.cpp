#include "loop/epolleventdispatcher.h"

#include <QCoreApplication>

#include <utility>

namespace Quern::loop {

using namespace std::chrono_literals;

EpollEventDispatcher::EpollEventDispatcher(QObject *parent)
    : QAbstractEventDispatcher(parent)
    , m_descriptors(m_waker.descriptor())
{
}

bool EpollEventDispatcher::processEvents(QEventLoop::ProcessEventsFlags flags)
{
    const quint64 turn = ++m_turn;
    const bool executing = flags.testFlag(QEventLoop::EventLoopExec);
    const bool includeTimers = !flags.testFlag(QEventLoop::X11ExcludeTimers);
    const bool includeNotifiers = !flags.testFlag(QEventLoop::ExcludeSocketNotifiers);
    bool mayBlock = flags.testFlag(QEventLoop::WaitForMoreEvents);
    m_waker.adopt();

    // An interrupt may come between its receiver's last look at its exit flag and here: it must not fall asleep.
    if (isInterrupted()) {
        m_interrupted.store(false, std::memory_order_release);
        mayBlock = false;
    }
    // QEventLoop::exec() looks at nothing but its exit flag between turns, so a plain wake-up only asks for the posted
    // events that come next. Any other caller may wait for a condition of its own: its turn does not wait if it was
    // woken up since the last one, nor if the last one was, for then the events posted with that are sent only now.
    bool woken = executing && m_waker.take();
    if (std::exchange(m_wokenLastTurn, false) && !executing)
        mayBlock = false;

    Q_EMIT awake();
    QCoreApplication::sendPostedEvents();

    if (mayBlock && !isInterrupted()) {
        m_announcementDue = m_waker.isSignalled() && !m_announcementDue;
        if (!m_announcementDue)
            Q_EMIT aboutToBlock();
    }
    if (isInterrupted())
        return false;

    if (includeNotifiers)
        m_descriptors.applyInterest();
    // A nested turn takes wake-ups that may have been meant for this one.
    wait(mayBlock && m_turn == turn, includeTimers, includeNotifiers);
    if (m_waker.take())
        woken = m_wokenLastTurn = true;

    int events = 0;
    if (includeNotifiers)
        events += m_descriptors.deliver();
    if (includeTimers)
        events += m_timers.activate();
    return woken || events > 0;
}

void EpollEventDispatcher::wait(bool mayBlock, bool includeTimers, bool includeNotifiers)
{
    mayBlock = mayBlock && !(includeNotifiers && m_descriptors.isAlwaysReady());
    bool asleep = false;
    bool completed = false;
    while (!completed) {
        Timeout timeout = 0ns;
        if (mayBlock)
            timeout = includeTimers ? m_timers.untilNext() : std::nullopt;
        if (timeout != 0ns && !asleep) {
            asleep = m_waker.beginSleep();
            if (!asleep)
                timeout = 0ns;
        }
        completed = includeNotifiers ? m_descriptors.wait(timeout) : m_waker.sleep(timeout);
    }
}

void EpollEventDispatcher::registerSocketNotifier(QSocketNotifier *notifier)
{
    m_descriptors.add(notifier);
}

void EpollEventDispatcher::unregisterSocketNotifier(QSocketNotifier *notifier)
{
    m_descriptors.remove(notifier);
}

void EpollEventDispatcher::registerTimer(int timerId, qint64 interval, Qt::TimerType timerType, QObject *object)
{
    m_timers.add(timerId, std::chrono::milliseconds(interval), timerType, object);
}

bool EpollEventDispatcher::unregisterTimer(int timerId)
{
    return m_timers.remove(timerId);
}

bool EpollEventDispatcher::unregisterTimers(QObject *object)
{
    return m_timers.removeAll(object);
}

QList<QAbstractEventDispatcher::TimerInfo> EpollEventDispatcher::registeredTimers(QObject *object) const
{
    return m_timers.timersOf(object);
}

int EpollEventDispatcher::remainingTime(int timerId)
{
    const auto remaining = m_timers.remaining(timerId);
    return remaining ? toMilliseconds(*remaining) : -1;
}

void EpollEventDispatcher::wakeUp()
{
    m_waker.signal();
}

void EpollEventDispatcher::interrupt()
{
    m_interrupted.store(true, std::memory_order_release);
    m_waker.signal();
}

} // namespace Quern::loop
