#pragma once

#include "dispatch/exchange.h"
#include "dispatch/httpsettings.h"
#include "net/connection.h"

#include <Quern/result.h>

namespace Quern::dispatch {

/// Writes the answer to one exchange after the other to a connection. Keeps in the exchange what has been done of it.
/// Lives in its reactor thread.
class AnswerWriter
{
public:
    AnswerWriter(net::Connection &connection, const HttpSettings &settings)
        : m_connection(connection)
        , m_settings(settings)
    {
    }

    /// The head of a worker's answer, of bytes that are whole or go on, and the part of the body that came with it.
    void begin(Exchange &exchange, const ResponseStart &start);
    /// The connection speaks WebSocket from now on.
    void upgrade(Exchange &exchange, QByteArrayView headerBlock);
    /// The next part of the body.
    void goOn(Exchange &exchange, QByteArrayView part);
    /// A streamed answer is complete.
    void end(Exchange &exchange, QByteArrayView trailers);

    /// The file that a worker names, or an error page if it cannot be had.
    void file(Exchange &exchange, const ResponseStart &start);
    void file(Exchange &exchange, FileReply reply);
    /// Goes on with a file, when the connection's output has progressed.
    void goOnWithFile(Exchange &exchange);
    /// A whole answer that the server itself has made.
    void page(Exchange &exchange, int status, QByteArrayView headerBlock, QByteArrayView body);
    /// The server's page for \a status; \a detail is shown if it is not empty.
    void error(Exchange &exchange, int status, QByteArrayView detail = {}, QByteArrayView headerBlock = {});

private:
    void writeHead(QByteArray &out, Exchange &exchange, int status, QByteArrayView headerBlock,
                   std::optional<quint64> length);
    Result<FileReply> replyOf(const Exchange &exchange, const ResponseStart &start) const;

    net::Connection &m_connection;
    const HttpSettings &m_settings;
};

} // namespace Quern::dispatch
