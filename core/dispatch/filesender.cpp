#include "dispatch/filesender.h"

namespace Quern::dispatch {

using Next = net::Connection::Next;

bool FileSender::start(net::Connection &connection, QByteArrayView head)
{
    connection.write(head, {}, m_reply.pieces.isEmpty() ? Next::Unknown : Next::File);
    return goOn(connection);
}

bool FileSender::goOn(net::Connection &connection)
{
    // A piece at a time, and none while the client is slow: what waits in memory stays within a part's head.
    while (m_next < m_reply.pieces.size()) {
        if (connection.pendingFile() > 0)
            return false;
        const FilePiece &piece = m_reply.pieces[m_next++];
        if (!piece.before.isEmpty())
            connection.write(piece.before, {}, Next::File);
        connection.sendFile(m_reply.file, piece.offset, piece.length);
    }
    m_reply.file.reset();
    if (!m_reply.after.isEmpty())
        connection.write(std::exchange(m_reply.after, {}));
    return true;
}

quint64 FileSender::unbegunBytes() const
{
    quint64 bytes = quint64(m_reply.after.size());
    for (qsizetype i = m_next; i < m_reply.pieces.size(); ++i)
        bytes += quint64(m_reply.pieces[i].before.size()) + m_reply.pieces[i].length;
    return bytes;
}

} // namespace Quern::dispatch
