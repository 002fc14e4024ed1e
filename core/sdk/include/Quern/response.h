#pragma once

#include <Quern/global.h>
#include <Quern/jsonmember.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QExplicitlySharedDataPointer>
#include <QJsonArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QString>

#include <initializer_list>
#include <utility>

namespace Quern {

class ResponsePrivate;

/// The answer to one request.
///
/// A handler answers at once by filling the response before it returns, or later: it calls defer(), keeps the handle
/// that this returns, fills it when the answer is known and calls end(). Deferred handles may be filled and ended in
/// any one thread. When the last handle of an unanswered response goes away, the client gets 500.
class QUERN_EXPORT Response
{
public:
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

    /// Sets the body. text() and html() add the Content-Type with charset=utf-8, json() sends compact UTF-8, send()
    /// uses \a contentType, or none if it is empty; a Content-Type set before by setHeader() stays.
    void text(const QString &text);
    void html(const QString &html);
    void json(const QJsonObject &object);
    void json(const QJsonArray &array);
    /// An object written in place: json({{"hello", name}, {"count", 3}}). The members are sent in this order, each name
    /// once.
    void json(std::initializer_list<JsonMember> members);
    void send(QByteArray body, QByteArrayView contentType = {});
    QByteArrayView body() const;

    /// Announces that the answer comes after the handler has returned.
    Response defer();
    /// Sends a deferred response. Without defer() the server does it when the handler returns, unless the handler did.
    /// A second call is ignored, and so is whatever is filled in afterwards.
    void end();
    /// True when nobody waits for the answer any more: the client went away, or the deadline passed.
    bool isCancelled() const;

private:
    QExplicitlySharedDataPointer<ResponsePrivate> d;
};

} // namespace Quern
