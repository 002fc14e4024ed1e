#include "bodyinbox_p.h"

#include "exceptiontext_p.h"

#include <QCoreApplication>
#include <QMetaObject>

#include <stdexcept>
#include <utility>

namespace Quern {

namespace {

/// A body that came whole is given out in pieces of this size, so that the handler can hold it up; bytes.
constexpr qsizetype largestPart = 64 * 1024;

} // namespace

void BodyInbox::add(QByteArray part)
{
    if (m_discarding) {
        granted(part.size());
        return;
    }
    if (!part.isEmpty())
        m_waiting.push_back(std::move(part));
    deliver();
}

void BodyInbox::addWhole(QByteArrayView body, std::shared_ptr<const void> owner)
{
    m_owner = std::move(owner);
    add(QByteArray::fromRawData(body.data(), body.size()));
    end(true);
}

void BodyInbox::end(bool complete)
{
    if (complete && isEnded())
        return;
    m_state = complete ? State::Complete : State::Aborted;
    deliver();
}

void BodyInbox::discard()
{
    m_discarding = true;
    m_callbacks.reset();
    for (const QByteArray &part : std::exchange(m_waiting, {}))
        granted(part.size() - std::exchange(m_taken, 0));
    m_host.failed = nullptr;
    m_owner.reset();
}

void BodyInbox::receive(std::function<void(QByteArrayView)> part, std::function<void(bool)> ended)
{
    if (std::exchange(m_received, true))
        throw std::logic_error("the body of this request is received already: call onBody() once");
    if (m_discarding)
        return;
    m_callbacks = std::make_shared<Callbacks>(Callbacks{std::move(part), std::move(ended)});
    deliverLater();
}

void BodyInbox::resume()
{
    if (std::exchange(m_paused, false))
        deliverLater();
}

void BodyInbox::deliverLater()
{
    QMetaObject::invokeMethod(
        QCoreApplication::instance(), [inbox = shared_from_this()] { inbox->deliver(); }, Qt::QueuedConnection);
}

void BodyInbox::deliver()
{
    if (m_delivering)
        return; // the callback that runs spins an event loop; what came in is given out after it
    m_delivering = true;
    const auto self = shared_from_this();
    const auto owner = m_owner; // a callback may discard the rest, and look at its part afterwards
    QString problem;
    // Kept until the failure is told: a deferred answer that they alone hold is not forgotten, but failed.
    const auto callbacks = m_callbacks;
    try {
        deliverParts();
    } catch (...) {
        problem = textOfCurrentException();
    }
    m_delivering = false;
    if (problem.isNull())
        return;
    const auto failed = m_host.failed;
    discard();
    if (failed)
        failed(problem);
}

void BodyInbox::deliverParts()
{
    while (m_callbacks && !m_paused && m_state != State::Aborted && !m_waiting.empty()) {
        const auto callbacks = m_callbacks;
        const QByteArray first = m_waiting.front();
        const QByteArrayView part = QByteArrayView(first).sliced(m_taken, qMin(largestPart, first.size() - m_taken));
        m_taken += part.size();
        if (m_taken == first.size()) {
            m_waiting.pop_front();
            m_taken = 0;
        }
        if (callbacks->part)
            callbacks->part(part);
        granted(part.size());
    }
    if (m_state == State::Aborted)
        m_waiting.clear();
    if (m_waiting.empty())
        m_owner.reset();
    const bool isDue = m_state == State::Aborted || (m_state == State::Complete && !m_paused && m_waiting.empty());
    if (!isDue || !m_callbacks)
        return;
    // Let go first: whatever they captured, the request itself for instance, is free afterwards.
    const auto callbacks = std::exchange(m_callbacks, nullptr);
    if (callbacks->ended)
        callbacks->ended(m_state == State::Complete);
}

void BodyInbox::granted(qsizetype bytes)
{
    if (m_host.grant && !isEnded() && bytes > 0)
        m_host.grant(quint32(bytes));
}

} // namespace Quern
