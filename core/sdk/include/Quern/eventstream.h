#pragma once

#include <Quern/global.h>
#include <Quern/responsestream.h>

#include <QByteArray>
#include <QByteArrayView>

#include <chrono>
#include <functional>
#include <optional>

namespace Quern {

/// How Response::events() begins. A value type.
struct EventStreamOptions
{
    /// A comment is sent when nothing else was for so long, so that no proxy takes the connection for dead; 0: never.
    std::chrono::milliseconds heartbeat = std::chrono::seconds(15);
    /// How long the client waits before it connects again; its own default if not set.
    std::optional<std::chrono::milliseconds> retry = std::nullopt;
};

/// Server-sent events (HTML Living Standard §9.2), see Response::events().
///
///     app.get("/clock", [](const Request &request, Response &response) {
///         EventStream events = response.events();
///         auto *timer = new QTimer;
///         QObject::connect(timer, &QTimer::timeout, timer, [events] {
///             events.send({.data = QTime::currentTime().toString().toUtf8(), .event = "tick"});
///         });
///         events.onClose([timer] { timer->deleteLater(); });
///         timer->start(1000);
///     });
///
/// A cheap handle, for any thread, as ResponseStream. A client that connects again says in Request::lastEventId() which
/// event it has seen last.
class QUERN_EXPORT EventStream
{
public:
    /// What send() sends. A value type.
    struct Event
    {
        QByteArray data;       ///< UTF-8; may hold line breaks
        QByteArray event = {}; ///< its type; empty: "message"
        QByteArray id = {};    ///< what the client sends as Last-Event-ID; null: as before, empty: none from now on
    };

    /// See Response::events().
    explicit EventStream(ResponseStream stream);

    /// Sends \a event. Throws std::invalid_argument if its type or id holds CR, LF or NUL. Returns false if the client
    /// does not keep up or is gone: hold back, or drop what it can do without, see ResponseStream::write().
    bool send(const Event &event) const;
    /// Sends a line that clients ignore; as many as \a text has lines.
    bool comment(QByteArrayView text) const;
    /// Tells the client how long to wait before it connects again.
    bool setRetry(std::chrono::milliseconds time) const;

    /// See ResponseStream.
    void onClose(std::function<void()> callback) const;
    void onDrain(std::function<void()> callback) const;
    qsizetype bufferedBytes() const;
    bool isOpen() const;
    void end() const;

private:
    ResponseStream m_stream;
};

} // namespace Quern
