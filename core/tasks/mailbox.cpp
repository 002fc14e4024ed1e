#include "tasks/mailbox.h"

#include <algorithm>

namespace Quern::tasks {

Result<void> Mailbox::add(Letter letter)
{
    if (size() >= MaxLetters || m_bytes + letter.payload.size() > MaxBytes)
        return Error(Error::Busy, QStringLiteral("%1 messages wait for it already").arg(size()));
    letter.sequence = ++m_sequence;
    m_bytes += letter.payload.size();
    m_waiting.push_back(std::move(letter));
    sendMore();
    return {};
}

void Mailbox::open(quint64 childId)
{
    std::erase(m_open, childId);
    m_open.push_back(childId);
    sendMore();
}

void Mailbox::close(quint64 childId)
{
    std::erase(m_open, childId);
    sendMore();
}

void Mailbox::begun(quint64 childId, quint64 sequence)
{
    std::erase_if(m_sent, [&](const Sent &sent) {
        const bool hasBegun = sent.childId == childId && sent.letter.sequence <= sequence;
        m_bytes -= hasBegun ? sent.letter.payload.size() : 0;
        return hasBegun;
    });
    sendMore();
}

void Mailbox::forget(quint64 childId)
{
    std::erase(m_open, childId);
    for (auto each = m_sent.rbegin(); each != m_sent.rend(); ++each) {
        if (each->childId != childId)
            continue;
        const quint64 sequence = each->letter.sequence;
        const auto place = std::find_if(m_waiting.begin(), m_waiting.end(),
                                        [sequence](const Letter &letter) { return letter.sequence > sequence; });
        m_waiting.insert(place, std::move(each->letter));
    }
    std::erase_if(m_sent, [childId](const Sent &sent) { return sent.childId == childId; });
    sendMore();
}

void Mailbox::sendMore()
{
    if (m_open.empty())
        return;
    const quint64 childId = m_open.back();
    // In their order: those that its predecessor has got come first, or come back.
    const bool isHeldBack =
        std::any_of(m_sent.begin(), m_sent.end(), [childId](const Sent &sent) { return sent.childId != childId; });
    while (!isHeldBack && !m_waiting.empty() && m_sent.size() < Window) {
        m_sent.push_back({childId, std::move(m_waiting.front())});
        m_waiting.pop_front();
        m_send(childId, m_sent.back().letter);
    }
}

} // namespace Quern::tasks
