#pragma once

#include "dispatch/filereply.h"
#include "net/connection.h"

namespace Quern::dispatch {

/// Gives the body of a FileReply to a connection, piece by piece. Lives in its reactor thread.
class FileSender
{
public:
    explicit FileSender(FileReply reply) : m_reply(std::move(reply)) {}

    /// Sends \a head, which is this reply's, and as much of the body as the connection takes at once. Returns whether
    /// all of the reply has been given to the connection, which may still have to send it.
    bool start(net::Connection &connection, QByteArrayView head);
    /// To be called when the connection's output has progressed, until it returns true.
    bool goOn(net::Connection &connection);
    /// Bytes of the body that the connection has not been given.
    quint64 unbegunBytes() const;

private:
    FileReply m_reply;
    qsizetype m_next = 0; ///< index of the piece that is due
};

} // namespace Quern::dispatch
