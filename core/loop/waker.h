#pragma once

#include "base/filedescriptor.h"
#include "loop/timeout.h"

#include <QtGlobal>

#include <atomic>

namespace Quern::loop {

/// Ends the wait of one thread, its owner, at the wish of any thread. No signal is lost.
///
/// The owner's own signals are a plain flag. Those of other threads are a word of shared state, and cost a system call
/// only if the owner sleeps: one write a sleep, however many signals there are.
class Waker
{
public:
    Waker();
    Q_DISABLE_COPY_MOVE(Waker)

    /// Becomes readable when a sleeping owner is signalled. It is never read while it is watched: watch it
    /// edge-triggered.
    int descriptor() const { return m_descriptor.get(); }

    /// Any thread. The owner's next beginSleep() fails, or its present sleep ends.
    void signal();

    // The rest is for the owner.

    /// Makes the calling thread the owner.
    void adopt();
    /// True if there was a signal since the last take.
    bool isSignalled() const { return m_ownSignal || m_state.load(std::memory_order_acquire) == Signalled; }
    /// Ends a sleep, takes all signals, and tells whether there was one.
    bool take();
    /// Announces a sleep. Returns false if there is a signal: then it must not happen.
    [[nodiscard]] bool beginSleep();
    /// Sleeps until signalled, watching nothing else. May end early. Returns false if interrupted (EINTR).
    bool sleep(Timeout timeout);

private:
    enum State { Awake, Sleeping, Signalled };

    std::atomic<void *> m_owner = nullptr;
    std::atomic<State> m_state = Awake;
    bool m_ownSignal = false;
    base::FileDescriptor m_descriptor;
};

} // namespace Quern::loop
