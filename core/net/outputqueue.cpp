#include "net/outputqueue.h"

namespace Quern::net {

namespace {

/// Up to this size a block grows with what comes, so that small messages leave in one call.
constexpr qsizetype growingBlock = 16 * 1024;

qsizetype roomOf(const QByteArray &block)
{
    return block.capacity() - block.size();
}

} // namespace

void OutputQueue::append(QByteArrayView bytes, QByteArrayView more)
{
    const qsizetype size = bytes.size() + more.size();
    QByteArray &block = last();
    const qsizetype together = block.size() + size;
    if (!block.isEmpty() && roomOf(block) < size && together <= growingBlock)
        block.reserve(together + together / 8);
    fill(bytes, more.size());
    fill(more, 0);
    m_size += size;
}

/// \a behind: how many bytes come behind these.
void OutputQueue::fill(QByteArrayView bytes, qsizetype behind)
{
    while (!bytes.isEmpty()) {
        if (roomOf(last()) == 0) {
            if (!m_first.isEmpty())
                m_behind.append(QByteArray());
            last().reserve(qMin(bytes.size() + behind, MaxBlock));
        }
        QByteArray &block = last();
        const qsizetype count = qMin(bytes.size(), roomOf(block));
        block.append(bytes.first(count));
        bytes = bytes.sliced(count);
    }
}

QByteArrayView OutputQueue::first() const
{
    return QByteArrayView(m_first).sliced(m_left);
}

QByteArrayView OutputQueue::second() const
{
    return m_behind.isEmpty() ? QByteArrayView() : QByteArrayView(m_behind.first());
}

void OutputQueue::removeFirst(qsizetype count)
{
    Q_ASSERT(count <= m_size);
    m_size -= count;
    m_left += count;
    while (!m_behind.isEmpty() && m_left >= m_first.size()) {
        m_left -= m_first.size();
        m_first = m_behind.takeFirst();
    }
    if (m_behind.isEmpty())
        m_behind = {};
    if (m_left > 0 && m_left >= m_first.size() / 2) {
        m_first = m_size > 0 ? first().toByteArray() : QByteArray();
        m_left = 0;
    }
}

} // namespace Quern::net
