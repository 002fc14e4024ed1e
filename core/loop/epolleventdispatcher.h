#pragma once

#include "loop/descriptortable.h"
#include "loop/timerlist.h"
#include "loop/waker.h"

#include <QAbstractEventDispatcher>

#include <atomic>

namespace Quern::loop {

/// Qt's event loop on epoll: a turn costs what is ready, not what is watched.
///
/// Install it with QCoreApplication::setEventDispatcher() before the application object exists, or with
/// QThread::setEventDispatcher() before the thread starts; both take ownership. It lives in that thread; wakeUp() and
/// interrupt() may be called from any.
///
/// A turn is processEvents(): awake(), posted events, aboutToBlock(), one wait, ready sockets, due timers.
/// aboutToBlock() comes in each turn that may wait, also when a timer or descriptor is ready already, so work put off
/// until then is never put off for long: only a turn that has been woken up leaves it out, and never two in a row. What
/// a slot connected to it posts, starts or enables is seen before the wait.
class EpollEventDispatcher final : public QAbstractEventDispatcher
{
    Q_OBJECT

public:
    explicit EpollEventDispatcher(QObject *parent = nullptr);

    bool processEvents(QEventLoop::ProcessEventsFlags flags) override;

    void registerSocketNotifier(QSocketNotifier *notifier) override;
    void unregisterSocketNotifier(QSocketNotifier *notifier) override;

    using QAbstractEventDispatcher::registerTimer;
    void registerTimer(int timerId, qint64 interval, Qt::TimerType timerType, QObject *object) override;
    bool unregisterTimer(int timerId) override;
    bool unregisterTimers(QObject *object) override;
    QList<TimerInfo> registeredTimers(QObject *object) const override;
    int remainingTime(int timerId) override;

    void wakeUp() override;
    void interrupt() override;

private:
    void wait(bool mayBlock, bool includeTimers, bool includeNotifiers);
    bool isInterrupted() const { return m_interrupted.load(std::memory_order_acquire); }

    Waker m_waker;
    DescriptorTable m_descriptors;
    TimerList m_timers;
    std::atomic<bool> m_interrupted = false;
    bool m_wokenLastTurn = false;
    bool m_announcementDue = false; ///< the last turn that may wait went without aboutToBlock()
    quint64 m_turn = 0;
};

} // namespace Quern::loop
