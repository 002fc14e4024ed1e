#include "tasks/postpipe.h"

#include <algorithm>

namespace Quern::tasks {

namespace {

/// An empty datagram takes room as well.
constexpr qint64 datagramOverhead = 64;

qint64 costOf(const QByteArray &chunk, ipc::PipeKind kind)
{
    return chunk.size() + (kind == ipc::PipeKind::Datagram ? datagramOverhead : 0);
}

} // namespace

Result<void> PostPipe::write(const QByteArray &bytes)
{
    if (m_kind == ipc::PipeKind::Stream && bytes.isEmpty())
        return {};
    if (m_bytes + costOf(bytes, m_kind) > m_capacity) {
        return Error(
            Error::Busy,
            QStringLiteral("the pipe is full: %1 bytes wait in it, of %2 (pipe_buffer)").arg(m_bytes).arg(m_capacity));
    }
    m_bytes += costOf(bytes, m_kind);
    m_chunks.push_back(bytes);
    handOut();
    return {};
}

qint64 PostPipe::print(const QByteArray &bytes)
{
    const QByteArray kept = bytes.last(std::min(bytes.size(), qsizetype(m_capacity)));
    qint64 lost = bytes.size() - kept.size();
    while (!m_chunks.empty() && m_bytes + costOf(kept, m_kind) > m_capacity) {
        lost += m_chunks.front().size();
        m_bytes -= costOf(m_chunks.front(), m_kind);
        m_chunks.pop_front();
    }
    m_bytes += costOf(kept, m_kind);
    m_chunks.push_back(kept);
    handOut();
    return lost;
}

void PostPipe::read(const PostRequest &request)
{
    m_waiters.add(request);
    handOut();
}

void PostPipe::handOut()
{
    while (!m_chunks.empty() && !m_waiters.isEmpty())
        m_replies.reply(m_waiters.takeFirst(), {takeNext()});
}

QByteArray PostPipe::takeNext()
{
    const auto takeFirst = [this] {
        QByteArray chunk = std::move(m_chunks.front());
        m_chunks.pop_front();
        m_bytes -= costOf(chunk, m_kind);
        return chunk;
    };
    QByteArray taken = takeFirst();
    while (m_kind == ipc::PipeKind::Stream && !m_chunks.empty() && taken.size() + m_chunks.front().size() <= MaxRead)
        taken += takeFirst();
    return taken;
}

} // namespace Quern::tasks
