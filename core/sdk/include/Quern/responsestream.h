#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QByteArrayView>

#include <chrono>
#include <functional>
#include <memory>

namespace Quern {

class ResponseStreamPrivate;

/// The body of an answer that is sent in pieces, see Response::stream().
///
///     ResponseStream stream = response.stream("text/csv");
///     for (const Row &row : rows) {
///         if (!stream.write(row.toCsv()) && !stream.waitForDrain(30s))
///             return; // the client reads no more
///     }
///     stream.end();
///
/// A cheap handle: copies share the same stream. All of it may be used from any thread. Pieces of several threads are
/// sent in the order in which write() was called. When the last handle goes away before end(), or an exception leaves
/// the handler, the client sees a broken connection, and not an answer that looks complete.
///
/// In the worker's main thread a piece is on its way when write() returns; pieces of other threads are picked up by the
/// main thread's event loop, so a main thread that is busy holds them back.
///
/// max_request_execution_time counts up to the head. After that a stream has no deadline but that of a client which
/// takes nothing, send_timeout: how long it may go on is for its author to say.
class QUERN_EXPORT ResponseStream
{
public:
    /// From so many unsent bytes on write() asks to hold back; at so many it may go on.
    static constexpr qsizetype HighMark = 16 * 1024;
    /// See HighMark.
    static constexpr qsizetype LowMark = 4 * 1024;
    /// A stream with more unsent bytes is broken off: its author has not held back.
    static constexpr qsizetype MaxUnsent = 16 * 1024 * 1024;

    /// So many calls of waitForDrain() may wait within each other in the worker's main thread.
    static constexpr int MaxNestedWaits = 16;

    /// See Response::stream().
    explicit ResponseStream(std::shared_ptr<ResponseStreamPrivate> d);

    /// Sends \a piece, or keeps it until the client has read what is before it. Returns true if there is room for more;
    /// false asks to hold back until onDrain() or waitForDrain(), or tells that the stream is not open.
    bool write(QByteArray piece) const;
    /// Unsent bytes: those that wait for the client to read.
    qsizetype bufferedBytes() const;
    /// Calls \a callback in the worker's main thread each time that a stream which was to be held back may go on: only
    /// after a write() that returned false, so that the first pieces are written without it. To be set before write();
    /// replaces the one set before. It is let go when the stream has ended or closed. One that captures a handle of
    /// this stream keeps it alive until then: if it stops writing without end(), the client waits for ever.
    void onDrain(std::function<void()> callback) const;
    /// Waits until write() may go on. False if the stream closed meanwhile or \a timeout passed. In the worker's main
    /// thread it spins the event loop: timers fire and streams go on, but like any handler that blocks it holds its
    /// worker, which may take no other request until the handler has returned. As many slow readers as there are
    /// workers stop the server: use onDrain() where clients may be slow, or wait in a thread of your own. If several
    /// wait, the last to begin is the first to go on; false at once if MaxNestedWaits of them wait already.
    bool waitForDrain(std::chrono::milliseconds timeout) const;

    /// Calls \a callback once in the worker's main thread if the stream closes without end(): the client went away, or
    /// took nothing for send_timeout, the stream was broken off, or the request is one of HEAD, whose answer has no
    /// body. Called soon if that has happened already. Replaces the one set before.
    void onClose(std::function<void()> callback) const;
    /// False after end(), and once nobody takes the body any more: what is written then is dropped.
    bool isOpen() const;

    /// A field that follows the body, for clients that can read it (HTTP/1.1). Throws std::invalid_argument for what
    /// Response::setHeader() refuses, for a field that means nothing after the body (RFC 9110 §6.5.1), and when all
    /// trailer fields together exceed 16 KiB.
    void setTrailer(QByteArrayView name, QByteArrayView value) const;
    /// The body is complete. A stream with an announced length must have been given exactly that: it is broken off
    /// otherwise, and the log says so.
    void end() const;

private:
    std::shared_ptr<ResponseStreamPrivate> d;
};

} // namespace Quern
