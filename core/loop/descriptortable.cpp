#include "loop/descriptortable.h"

#include <QCoreApplication>
#include <QEvent>
#include <QLoggingCategory>
#include <QSocketNotifier>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace Quern::loop {

Q_LOGGING_CATEGORY(logLoop, "quern.loop")

namespace {

constexpr quint32 wakeSlot = std::numeric_limits<quint32>::max();

constexpr std::array typeNames = {"Read", "Write", "Exception"};
// The conditions that a notifier asks for, by its type, and those that it is told of: the same as with Qt's own
// dispatcher, which goes by poll().
constexpr std::array<quint32, 3> askedEvents = {EPOLLIN, EPOLLOUT, EPOLLPRI};
constexpr std::array<quint32, 3> toldEvents = {EPOLLIN | EPOLLHUP | EPOLLERR, EPOLLOUT | EPOLLHUP | EPOLLERR,
                                               EPOLLPRI | EPOLLHUP | EPOLLERR};

quint8 bit(size_t type)
{
    return quint8(1U << type);
}

} // namespace

DescriptorTable::DescriptorTable(int wakeDescriptor) : m_wakeDescriptor(wakeDescriptor)
{
    openEpoll();
}

void DescriptorTable::openEpoll()
{
    m_epoll = base::FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = wakeSlot;
    if (!m_epoll.isValid() || ::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, m_wakeDescriptor, &event) != 0)
        qFatal("Quern::loop::DescriptorTable: epoll: %s", qPrintable(qt_error_string(errno)));
}

void DescriptorTable::reopenEpoll()
{
    m_epoll.reset();
    openEpoll();
    for (Slot slot = 0; slot < m_descriptors.size(); ++slot) {
        if (m_descriptors[slot].applied == 0)
            continue;
        m_descriptors[slot].applied = 0;
        markDirty(slot);
    }
}

void DescriptorTable::add(QSocketNotifier *notifier)
{
    const int number = int(notifier->socket());
    const auto type = size_t(notifier->type());
    const bool known = size_t(number) < m_slots.size() && m_slots[size_t(number)] >= 0;
    const Slot slot = known ? Slot(m_slots[size_t(number)]) : acquire(number);
    Descriptor &descriptor = m_descriptors[slot];
    QSocketNotifier *&place = descriptor.notifiers[type];
    if (place && place != notifier) {
        qCWarning(logLoop, "Multiple socket notifiers for same socket %d and type %s", number, typeNames[type]);
        descriptor.ready &= quint8(~bit(type));
        descriptor.doubtful = true;
    }
    place = notifier;
    markDirty(slot);
}

void DescriptorTable::remove(QSocketNotifier *notifier)
{
    const auto number = size_t(notifier->socket());
    const auto type = size_t(notifier->type());
    if (number >= m_slots.size() || m_slots[number] < 0)
        return;
    const auto slot = Slot(m_slots[number]);
    Descriptor &descriptor = m_descriptors[slot];
    if (descriptor.notifiers[type] != notifier)
        return;
    descriptor.notifiers[type] = nullptr;
    descriptor.ready &= quint8(~bit(type));
    if (interestOf(descriptor) == 0)
        release(slot);
    else
        markDirty(slot);
}

DescriptorTable::Slot DescriptorTable::acquire(int number)
{
    if (size_t(number) >= m_slots.size())
        m_slots.resize(size_t(number) + 1, -1);
    if (m_free.empty()) {
        m_free.push_back(Slot(m_descriptors.size()));
        m_descriptors.emplace_back();
    }
    const Slot slot = m_free.back();
    m_free.pop_back();
    m_descriptors[slot].number = number;
    m_slots[size_t(number)] = qint32(slot);
    return slot;
}

void DescriptorTable::release(Slot slot)
{
    Descriptor &descriptor = m_descriptors[slot];
    // Fails if the descriptor is closed already, which has ended the watch as well.
    if (descriptor.applied != 0 && !descriptor.unwatchable)
        ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, descriptor.number, nullptr);
    setUnwatchable(slot, false);
    m_slots[size_t(descriptor.number)] = -1;
    descriptor.number = -1;
    descriptor.applied = 0;
    descriptor.doubtful = false;
    ++descriptor.generation;
    m_free.push_back(slot);
}

void DescriptorTable::markDirty(Slot slot)
{
    if (m_descriptors[slot].dirty)
        return;
    m_descriptors[slot].dirty = true;
    m_dirty.push_back(slot);
}

quint8 DescriptorTable::interestOf(const Descriptor &descriptor)
{
    quint8 interest = 0;
    for (size_t type = 0; type < descriptor.notifiers.size(); ++type) {
        if (descriptor.notifiers[type])
            interest |= bit(type);
    }
    return interest;
}

void DescriptorTable::applyInterest()
{
    while (!m_dirty.empty()) {
        const Slot slot = m_dirty.back();
        m_dirty.pop_back();
        m_descriptors[slot].dirty = false;
        apply(slot);
    }
}

void DescriptorTable::apply(Slot slot)
{
    const quint8 interest = interestOf(m_descriptors[slot]);
    if (interest == m_descriptors[slot].applied && !m_descriptors[slot].doubtful)
        return;
    const int error = watch(slot, interest);
    if (error != 0 && error != EPERM) {
        disable(slot, error);
        return;
    }
    setUnwatchable(slot, error == EPERM);
    m_descriptors[slot].applied = interest;
    m_descriptors[slot].doubtful = false;
}

/// Returns 0 or the error number.
int DescriptorTable::watch(Slot slot, quint8 interest)
{
    Descriptor &descriptor = m_descriptors[slot];
    epoll_event event = {};
    for (size_t type = 0; type < askedEvents.size(); ++type) {
        if (interest & bit(type))
            event.events |= askedEvents[type];
    }
    const auto control = [&](int operation) {
        event.data.u64 = quint64(descriptor.generation) << 32 | slot;
        return ::epoll_ctl(m_epoll.get(), operation, descriptor.number, &event) == 0 ? 0 : errno;
    };
    int error = control(descriptor.applied != 0 && !descriptor.unwatchable ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    if (error == ENOENT) {
        // Closed and opened again without a word to its notifiers. A duplicate may keep the old file under watch.
        ++descriptor.generation;
        error = control(EPOLL_CTL_ADD);
    } else if (error == EEXIST) {
        error = control(EPOLL_CTL_MOD);
    }
    return error;
}

void DescriptorTable::setUnwatchable(Slot slot, bool unwatchable)
{
    if (m_descriptors[slot].unwatchable == unwatchable)
        return;
    m_descriptors[slot].unwatchable = unwatchable;
    if (unwatchable)
        m_unwatchable.push_back(slot);
    else
        std::erase(m_unwatchable, slot);
}

void DescriptorTable::disable(Slot slot, int error)
{
    for (QSocketNotifier *notifier : std::array(m_descriptors[slot].notifiers)) {
        if (!notifier)
            continue;
        qCWarning(logLoop, "Invalid socket %d with type %s (%s), disabling...", int(notifier->socket()),
                  typeNames[size_t(notifier->type())], qPrintable(qt_error_string(error)));
        notifier->setEnabled(false);
    }
}

bool DescriptorTable::isAlwaysReady() const
{
    return std::any_of(m_unwatchable.begin(), m_unwatchable.end(), [this](Slot slot) {
        const auto &notifiers = m_descriptors[slot].notifiers;
        return notifiers[QSocketNotifier::Read] || notifiers[QSocketNotifier::Write];
    });
}

bool DescriptorTable::wait(Timeout timeout)
{
    const int count = waitForEvents(timeout);
    if (count < 0 && errno == EINTR)
        return false;
    if (count < 0)
        qCWarning(logLoop, "epoll_wait: %s", qPrintable(qt_error_string(errno)));

    bool stale = false;
    for (int i = 0; i < count; ++i) {
        const epoll_event &event = m_events[size_t(i)];
        const auto slot = Slot(event.data.u64);
        if (slot == wakeSlot)
            continue;
        if (m_descriptors[slot].generation == quint32(event.data.u64 >> 32))
            markReady(slot, event.events);
        else
            stale = true;
    }
    // The watched file lives on in a duplicate after its descriptor was closed too early, and nothing but a new epoll
    // instance gets rid of it.
    if (stale)
        reopenEpoll();
    for (const Slot slot : m_unwatchable)
        markReady(slot, EPOLLIN | EPOLLOUT);
    return true;
}

int DescriptorTable::waitForEvents(Timeout timeout)
{
    const auto capacity = int(m_events.size());
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
    using namespace std::chrono_literals;
    if (m_nanosecondWait && timeout && *timeout > 0ns) {
        const timespec limit = toTimespec(*timeout);
        const int count = ::epoll_pwait2(m_epoll.get(), m_events.data(), capacity, &limit, nullptr);
        // Linux before 5.11 lacks it, and old sandboxes forbid what they do not know.
        if (count >= 0 || (errno != ENOSYS && errno != EPERM))
            return count;
        m_nanosecondWait = false;
    }
#endif
    return ::epoll_wait(m_epoll.get(), m_events.data(), capacity, toMilliseconds(timeout));
}

void DescriptorTable::markReady(Slot slot, quint32 events)
{
    Descriptor &descriptor = m_descriptors[slot];
    for (size_t type = 0; type < toldEvents.size(); ++type) {
        if ((events & toldEvents[type]) && descriptor.notifiers[type])
            descriptor.ready |= bit(type);
    }
    if (descriptor.ready == 0 || descriptor.queued)
        return;
    descriptor.queued = true;
    m_ready.push_back(slot);
}

int DescriptorTable::deliver()
{
    int delivered = 0;
    QEvent event(QEvent::SockAct);
    while (m_nextReady < m_ready.size()) {
        const Slot slot = m_ready[m_nextReady++];
        m_descriptors[slot].queued = false;
        for (size_t type = 0; type < typeNames.size(); ++type) {
            // Looked up anew each time: what a notifier calls may move the table or release the slot.
            Descriptor &descriptor = m_descriptors[slot];
            if (!(descriptor.ready & bit(type)))
                continue;
            descriptor.ready &= quint8(~bit(type));
            QCoreApplication::sendEvent(descriptor.notifiers[type], &event);
            ++delivered;
        }
    }
    m_ready.clear();
    m_nextReady = 0;
    return delivered;
}

} // namespace Quern::loop
