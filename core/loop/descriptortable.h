#pragma once

#include "base/filedescriptor.h"
#include "loop/timeout.h"

#include <QtGlobal>

#include <sys/epoll.h>

#include <array>
#include <vector>

class QSocketNotifier;

namespace Quern::loop {

/// The descriptors that one thread watches, and the epoll instance that watches them.
///
/// Notifiers come and go in memory alone; the kernel learns of a changed interest just before a wait, so one that is
/// enabled and disabled within a turn costs no system call. Only when a descriptor loses its last notifier is the
/// kernel told at once, because the descriptor may be closed next and its number be used again.
///
/// What a wait finds is kept per descriptor until it is delivered: a nested event loop delivers what the outer one has
/// left, nothing is lost or delivered twice, and nothing reaches a notifier that was disabled meanwhile.
class DescriptorTable
{
public:
    /// Also watches \a wakeDescriptor, edge-triggered: it ends a wait, and that is all.
    explicit DescriptorTable(int wakeDescriptor);
    Q_DISABLE_COPY_MOVE(DescriptorTable)

    void add(QSocketNotifier *notifier);
    void remove(QSocketNotifier *notifier);

    /// Tells the kernel what has changed. A notifier whose descriptor turns out to be closed is disabled with a
    /// warning.
    void applyInterest();
    /// Whether a wait would return at once for a descriptor that epoll cannot watch and poll() always finds ready, such
    /// as that of a regular file.
    bool isAlwaysReady() const;
    /// Waits for descriptors to become ready. Returns false if interrupted (EINTR).
    bool wait(Timeout timeout);
    /// Activates the notifiers of ready descriptors. Returns how many.
    int deliver();

private:
    using Slot = quint32;

    struct Descriptor
    {
        std::array<QSocketNotifier *, 3> notifiers = {}; ///< by QSocketNotifier::Type
        int number = -1;
        quint32 generation = 0;       ///< sets events of earlier users of this slot apart
        quint8 applied = 0;           ///< interest that the kernel knows: bit n for type n; 0: not watched
        quint8 ready = 0;             ///< found by a wait, not yet delivered: bits as above
        bool dirty : 1 = false;       ///< listed in m_dirty
        bool queued : 1 = false;      ///< listed in m_ready
        bool doubtful : 1 = false;    ///< the number may stand for another open file than the kernel watches
        bool unwatchable : 1 = false; ///< listed in m_unwatchable
    };

    void openEpoll();
    void reopenEpoll();
    int waitForEvents(Timeout timeout);
    Slot acquire(int number);
    void release(Slot slot);
    void markDirty(Slot slot);
    void markReady(Slot slot, quint32 events);
    void apply(Slot slot);
    int watch(Slot slot, quint8 interest);
    void setUnwatchable(Slot slot, bool unwatchable);
    void disable(Slot slot, int error);

    static quint8 interestOf(const Descriptor &descriptor);

    base::FileDescriptor m_epoll;
    int m_wakeDescriptor;
    bool m_nanosecondWait = true;
    std::vector<Descriptor> m_descriptors; ///< by slot
    std::vector<qint32> m_slots;           ///< by descriptor number; -1: none
    std::vector<Slot> m_free;
    std::vector<Slot> m_dirty;
    std::vector<Slot> m_unwatchable;
    std::vector<Slot> m_ready; ///< those before m_nextReady are done
    size_t m_nextReady = 0;
    std::array<epoll_event, 512> m_events;
};

} // namespace Quern::loop
