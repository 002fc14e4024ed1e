#include "base/loghistory.h"

#include <algorithm>

namespace Quern::base {

namespace {

/// What a record adds to a page besides its text, roughly.
constexpr qsizetype recordOverhead = 128;

} // namespace

void LogHistory::append(LogRecord record)
{
    if (record.text.size() > MaxText) {
        constexpr QByteArrayView note = " … (the rest is in the log)";
        qsizetype end = MaxText - note.size();
        while ((uchar(record.text[end]) & 0xc0) == 0x80) // not within a character
            --end;
        record.text.truncate(end);
        record.text += note;
    }
    const std::lock_guard lock(m_mutex);
    record.serial = m_nextSerial++;
    m_bytes += record.text.size();
    m_records.push_back(std::move(record));
    while (m_records.size() > MaxRecords || m_bytes > MaxBytes) {
        m_bytes -= m_records.front().text.size();
        m_records.pop_front();
    }
    if (std::exchange(m_armed, false) && m_listener)
        m_listener();
}

LogHistory::Page LogHistory::newest(const LogFilter &filter, qsizetype count, quint64 before) const
{
    const std::lock_guard lock(m_mutex);
    Page page;
    page.next = before == 0 ? m_nextSerial : std::min(before, m_nextSerial);
    qsizetype bytes = 0;
    for (auto it = m_records.rbegin(); it != m_records.rend() && page.records.size() < count; ++it) {
        if (it->serial >= page.next || !filter.accepts(*it))
            continue;
        bytes += it->text.size() + recordOverhead;
        if (bytes > MaxPageBytes && !page.records.isEmpty())
            break;
        page.records.prepend(*it);
    }
    if (!page.records.isEmpty() && page.records.constFirst().serial > m_records.front().serial)
        page.from = page.records.constFirst().serial;
    return page;
}

LogHistory::Page LogHistory::since(const LogFilter &filter, quint64 from) const
{
    const std::lock_guard lock(m_mutex);
    Page page;
    page.next = std::min(from, m_nextSerial);
    const quint64 oldest = m_records.empty() ? m_nextSerial : m_records.front().serial;
    if (page.next < oldest) {
        page.lost = oldest - page.next;
        page.next = oldest;
    }
    qsizetype bytes = 0;
    for (auto it = m_records.begin() + std::ptrdiff_t(page.next - oldest); it != m_records.end(); ++it) {
        if (filter.accepts(*it)) {
            bytes += it->text.size() + recordOverhead;
            if (bytes > MaxPageBytes && !page.records.isEmpty())
                break;
            page.records.append(*it);
        }
        page.next = it->serial + 1;
    }
    return page;
}

quint64 LogHistory::serialOfLast(const LogFilter &filter, qsizetype count) const
{
    const std::lock_guard lock(m_mutex);
    quint64 serial = m_nextSerial;
    for (auto it = m_records.rbegin(); it != m_records.rend() && count > 0; ++it) {
        if (filter.accepts(*it)) {
            serial = it->serial;
            --count;
        }
    }
    return serial;
}

void LogHistory::setListener(std::function<void()> listener)
{
    const std::lock_guard lock(m_mutex);
    m_listener = std::move(listener);
}

void LogHistory::arm()
{
    const std::lock_guard lock(m_mutex);
    m_armed = true;
}

} // namespace Quern::base
