#pragma once

#include <Quern/cookie.h>
#include <Quern/eventstream.h>
#include <Quern/global.h>
#include <Quern/jsonmember.h>
#include <Quern/responsestream.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QExplicitlySharedDataPointer>
#include <QJsonArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QString>

#include <concepts>
#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>

namespace Quern {

class ResponsePrivate;

/// What holds UTF-8: a QByteArrayView, such as Request::header() returns, a QByteArray or a literal. Nothing else that
/// can become a QByteArrayView, since QLatin1StringView is not UTF-8.
template <typename Bytes>
concept Utf8Bytes = std::same_as<Bytes, QByteArrayView> || std::convertible_to<const Bytes &, const char *> ||
    std::same_as<Bytes, QByteArray>;

/// The answer to one request.
///
/// A handler answers at once by filling the response before it returns, or later: it calls defer(), keeps the handle
/// that this returns, fills it when the answer is known and calls end(). Deferred handles may be filled and ended in
/// any one thread. When the last handle of an unanswered response goes away, the client gets 500. Or in pieces: see
/// stream() and events().
class QUERN_EXPORT Response
{
public:
    /// Made by the worker.
    explicit Response(ResponsePrivate *d);
    Response(const Response &other);
    Response &operator=(const Response &other);
    ~Response();

    /// Status code, 200 to 599; 200 if never set. Anything else throws std::invalid_argument.
    Response &setStatus(int status);
    int status() const;

    /// Replaces, or adds, a header field. Throws std::invalid_argument if \a name is not a token (RFC 9110 §5.1) or
    /// \a value holds CR, LF, NUL or another control character but tab. The server itself writes Content-Length,
    /// Transfer-Encoding, Connection, Keep-Alive and Date; setting one of these throws as well. There is one
    /// Content-Type at most: adding it replaces it.
    Response &setHeader(QByteArrayView name, QByteArrayView value);
    Response &addHeader(QByteArrayView name, QByteArrayView value);
    /// Value of the first header field \a name set so far (compared without case); null if there is none.
    QByteArrayView header(QByteArrayView name) const;

    /// Has the client keep \a cookie. One of the same name, domain and path that was set before is replaced. Throws
    /// std::invalid_argument, which names the mend, for a cookie that clients would refuse.
    Response &setCookie(const Cookie &cookie);
    /// The same for the whole site and for as long as the client runs, out of reach of scripts and of other sites.
    Response &setCookie(QByteArrayView name, const QString &value);
    /// Has the client forget the cookie that was set with this name, path and domain.
    Response &clearCookie(QByteArrayView name, QByteArrayView path = "/", QByteArrayView domain = {});
    /// The same for a cookie with other attributes: clients ignore the removal of one that is Secure, Partitioned or
    /// SameSite=None unless it says the same. Pass what it was set with; its value and life time do not matter.
    Response &clearCookie(const Cookie &cookie);

    /// Sends the client to \a location, a URI or a path in UTF-8: what a URI cannot hold is percent-encoded. \a status
    /// is 301 or 308 (for good), 302 or 307 (for now; 307 and 308 keep method and body) or 303 (look there with GET).
    /// Throws std::invalid_argument for any other, and for a location that is empty or holds control characters. A
    /// location taken from the request can lead anywhere: check it.
    void redirect(QByteArrayView location, int status = 302);

    /// Sends the regular file at the absolute \a path, with ranges and conditional requests as for a static file. It
    /// never passes through the worker: the server sends it when this response has ended, and the client gets 500 if
    /// it has been replaced by then. Its Content-Type follows from its name, unless set by setHeader(). Returns why
    /// this process cannot read it: Error::NotFound, Error::Permission, Error::Invalid (no regular file) or Error::Io;
    /// the response is then as before. Throws std::invalid_argument if the path is relative or holds NUL.
    Result<void> file(const QString &path);
    /// The same, for the client to save under \a name, or under the file's own if that is empty.
    Result<void> download(const QString &path, const QString &name = {});

    /// Sets the body. text() and html() add the Content-Type with charset=utf-8, json() sends compact UTF-8, send()
    /// uses \a contentType, or none if it is empty; a Content-Type set before by setHeader() stays.
    void text(const QString &text);
    void html(const QString &html);
    /// The same of UTF-8, sent as it is.
    template <Utf8Bytes Bytes>
    void text(const Bytes &utf8)
    {
        setText(QByteArrayView(utf8).toByteArray());
    }
    template <Utf8Bytes Bytes>
    void html(const Bytes &utf8)
    {
        setHtml(QByteArrayView(utf8).toByteArray());
    }
    void json(const QJsonObject &object);
    void json(const QJsonArray &array);
    /// An object written in place: json({{"hello", name}, {"count", 3}}). The members are sent in this order; give
    /// each name once (RFC 8259 §4).
    void json(std::initializer_list<JsonMember> members);
    void send(QByteArray body, QByteArrayView contentType = {});
    QByteArrayView body() const;

    /// Begins an answer in pieces: status and header fields leave now, and later changes of this response are ignored.
    /// \a contentType as with send(). \a length is that of the whole body, in bytes, if it is known. Implies defer().
    /// The stream is closed from the start if the response has ended already, and if its answer has no body: that of a
    /// HEAD request, or status 204, 205 or 304.
    ResponseStream stream(QByteArrayView contentType = {}, std::optional<quint64> length = {});
    /// The same for server-sent events: sets Content-Type, and Cache-Control unless set before, and keeps proxies from
    /// holding events back.
    EventStream events(const EventStreamOptions &options = {});

    /// Has \a callback called when the answer is complete, or the head of a stream, just before it leaves: to change it
    /// whoever gave it, asynchronous handlers included. The one added last is called first, in the worker's main
    /// thread. What it is called with is the answer; it must not capture a handle of this response, which would keep it
    /// alive. An exception is logged and answered 500. One that is added after the answer is complete is not called.
    void beforeSend(std::function<void(Response &response)> callback);
    /// Announces that the answer comes after the handler has returned.
    Response defer();
    /// Sends a deferred response. Without defer() the server does it when the handler returns, unless the handler did.
    /// A second call is ignored, and so is whatever is filled in afterwards.
    void end();
    /// True once the answer is on its way, or the head of a stream: nothing can be changed any more.
    bool isEnded() const;
    /// True when nobody waits for the answer any more: the client went away, or the deadline passed. A client that only
    /// closes its half of the connection still waits (RFC 9112 §9.6), and one that closes it in good order looks the
    /// same until it is sent something: what is noticed early is a reset.
    bool isCancelled() const;

private:
    void setText(const QByteArray &utf8);
    void setHtml(const QByteArray &utf8);

    QExplicitlySharedDataPointer<ResponsePrivate> d;
};

} // namespace Quern
