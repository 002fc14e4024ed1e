#include "dispatch/answers.h"

#include "dispatch/log.h"
#include "dispatch/mimetypes.h"
#include "protocol/http/bytes.h"
#include "protocol/http/errorpage.h"
#include "protocol/http/headerblock.h"
#include "protocol/http/responseencoder.h"

#include <Quern/requestid.h>

#include <QFile>

#include <sys/stat.h>

namespace Quern::dispatch {

namespace http = protocol::http;

namespace {

/// A body up to this size is copied behind its head, in bytes: cheaper than to let the kernel gather the two.
constexpr qsizetype joinedBody = 2048;

/// Answers are put together here.
QByteArray &scratch()
{
    thread_local QByteArray bytes;
    constexpr qsizetype keptCapacity = 512 * 1024;
    if (bytes.capacity() > keptCapacity)
        bytes = QByteArray();
    bytes.resize(0);
    return bytes;
}

http::ResponseFraming framingOf(const Exchange &exchange)
{
    return {exchange.minorVersion, exchange.keepAlive};
}

void appendChunk(QByteArray &out, QByteArrayView part)
{
    out.append(QByteArray::number(part.size(), 16)).append("\r\n").append(part).append("\r\n");
}

} // namespace

void AnswerWriter::writeHead(QByteArray &out, Exchange &exchange, int status, QByteArrayView headerBlock,
                             std::optional<quint64> length)
{
    exchange.status = status;
    exchange.begun = std::chrono::steady_clock::now();
    exchange.isChunked = !length && exchange.minorVersion > 0;
    // RFC 9112 §6.3: an HTTP/1.0 client learns the end of such an answer from the end of the connection.
    exchange.isEndedByClose = !length && !exchange.isChunked;
    if (exchange.isEndedByClose)
        exchange.keepAlive = false;
    http::appendHead(out, status, headerBlock, length, framingOf(exchange), http::currentDate(),
                     m_settings.serverHeader);
}

void AnswerWriter::begin(Exchange &exchange, const ResponseStart &start)
{
    const bool withoutBody = exchange.isHead || !http::mayHaveBody(start.status);
    exchange.isAnswerStreamed = start.kind == ipc::ResponseKind::Streamed;
    exchange.bodyLeft = start.bodyLength - quint64(start.bodyPart.size());
    std::optional<quint64> length = start.bodyLength;
    if (start.bodyLength == ipc::UnknownLength)
        length.reset();
    QByteArray &out = scratch();
    writeHead(out, exchange, start.status, start.headerBlock, length);
    if (withoutBody) {
        exchange.isAnswered = true;
        m_connection.write(out);
        return;
    }
    exchange.bodyBytes = quint64(start.bodyPart.size());
    if (exchange.isChunked) {
        if (!start.bodyPart.isEmpty())
            appendChunk(out, start.bodyPart);
        m_connection.write(out);
    } else if (start.bodyPart.size() <= joinedBody) {
        out.append(start.bodyPart);
        m_connection.write(out);
    } else {
        m_connection.write(out, start.bodyPart);
    }
    exchange.isAnswered = exchange.bodyLeft == 0 && !exchange.isAnswerStreamed;
}

void AnswerWriter::upgrade(Exchange &exchange, QByteArrayView headerBlock)
{
    constexpr int switchingProtocols = 101;
    QByteArray block =
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + exchange.upgrade->accept + "\r\n";
    if (exchange.upgrade->deflate)
        block.append("Sec-WebSocket-Extensions: ").append(exchange.upgrade->deflate->field).append("\r\n");
    block.append(headerBlock);
    exchange.keepAlive = true;
    QByteArray &out = scratch();
    writeHead(out, exchange, switchingProtocols, block, quint64(0));
    m_connection.write(out);
    exchange.isAnswered = true;
}

void AnswerWriter::goOn(Exchange &exchange, QByteArrayView part)
{
    exchange.bodyLeft -= quint64(part.size());
    exchange.bodyBytes += quint64(part.size());
    if (exchange.isChunked && !part.isEmpty()) {
        QByteArray &out = scratch();
        appendChunk(out, part);
        m_connection.write(out);
    } else {
        m_connection.write(part);
    }
    exchange.isAnswered = exchange.bodyLeft == 0 && !exchange.isAnswerStreamed;
}

void AnswerWriter::end(Exchange &exchange, QByteArrayView trailers)
{
    if (exchange.isChunked) {
        QByteArray &out = scratch();
        out.append("0\r\n").append(trailers).append("\r\n");
        m_connection.write(out);
    }
    exchange.bodyLeft = 0;
    exchange.isAnswered = true;
}

Result<FileReply> AnswerWriter::replyOf(const Exchange &exchange, const ResponseStart &start) const
{
    const Result<ipc::FileAnswer> answer = ipc::FileAnswer::decode(start.bodyPart);
    if (!answer)
        return answer.error();
    const QString path = QFile::decodeName(answer->path);
    const Result<OpenFile> opened = m_settings.handlerFiles ? m_settings.handlerFiles->open(path) : openFile(path);
    if (!opened)
        return opened.error();
    struct stat now = {};
    if (::fstat(opened->descriptor->get(), &now) != 0 || now.st_ino != answer->inode || now.st_dev != answer->device)
        return Error(Error::NotFound, QStringLiteral("%1 is not the file any more that the handler chose").arg(path));
    const ipc::RequestMessage request = exchange.request();
    const FileConditions conditions =
        FileConditions::of(request.method.in(request.head),
                           std::span(request.headers.constData(), std::size_t(request.headers.size())), request.head);
    return makeFileReply(*opened, conditions, start.status, start.headerBlock,
                         mediaTypeOf(answer->path.sliced(answer->path.lastIndexOf('/') + 1)).contentType);
}

void AnswerWriter::file(Exchange &exchange, const ResponseStart &start)
{
    Result<FileReply> reply = replyOf(exchange, start);
    if (reply) {
        file(exchange, std::move(*reply));
        return;
    }
    qCCritical(logDispatch).noquote() << "request" << RequestId::text(exchange.requestId)
                                      << "was to be answered with a file:" << reply.error().message();
    error(exchange, 500);
}

void AnswerWriter::file(Exchange &exchange, FileReply reply)
{
    if (!http::mayHaveBody(reply.status)) {
        reply.pieces.clear();
        reply.after.clear();
        reply.file.reset();
    }
    QByteArray &out = scratch();
    writeHead(out, exchange, reply.status, reply.headerBlock, reply.bodyLength);
    exchange.bodyLeft = 0;
    exchange.isAnswerStreamed = false;
    if (!exchange.isHead && http::mayHaveBody(reply.status))
        exchange.bodyBytes = reply.bodyLength;
    exchange.file = std::make_unique<FileSender>(std::move(reply));
    exchange.isAnswered = exchange.file->start(m_connection, out);
}

void AnswerWriter::goOnWithFile(Exchange &exchange)
{
    exchange.isAnswered = exchange.file->goOn(m_connection);
}

void AnswerWriter::page(Exchange &exchange, int status, QByteArrayView headerBlock, QByteArrayView body)
{
    QByteArray &out = scratch();
    writeHead(out, exchange, status, headerBlock, quint64(body.size()));
    if (!exchange.isHead && http::mayHaveBody(status)) {
        out.append(body);
        exchange.bodyBytes = quint64(body.size());
    }
    m_connection.write(out);
    exchange.isAnswered = true;
}

void AnswerWriter::error(Exchange &exchange, int status, QByteArrayView detail, QByteArrayView headerBlock)
{
    const QByteArray accept = fieldOf(exchange.request(), "accept");
    const QByteArray id = exchange.requestId == 0 ? QByteArray() : RequestId::text(exchange.requestId);
    QByteArray &out = scratch();
    // The page says these itself; hooks may have set them for another body.
    QByteArray others;
    http::visitFields(headerBlock, [&others](QByteArrayView name, QByteArrayView, QByteArrayView line) {
        if (!http::isIgnoringCase(name, "content-type") && !http::isIgnoringCase(name, "cache-control"))
            others.append(line);
        return false;
    });
    http::appendErrorResponse(out, {.status = status, .accept = accept, .requestId = id, .detail = detail}, others,
                              framingOf(exchange), http::currentDate(), m_settings.serverHeader, exchange.isHead);
    exchange.status = status;
    exchange.begun = std::chrono::steady_clock::now();
    exchange.bodyBytes = quint64(out.size() - out.indexOf("\r\n\r\n") - 4);
    m_connection.write(out);
    exchange.isAnswered = true;
}

} // namespace Quern::dispatch
