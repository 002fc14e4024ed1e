#pragma once

#include <QByteArray>
#include <QList>

#include <optional>
#include <variant>

namespace Quern::admin {

/// Why a request is answered by an error, before anybody has looked at its meaning.
struct Refusal
{
    int status = 400;   ///< of HTTP
    QByteArray code;    ///< as in Reply: "invalid"
    QByteArray message; ///< for people, UTF-8
};

/// The head of a request, RFC 9112 strictly read: all that Qt's parser takes leniently has been refused.
struct RequestHead
{
    struct Field
    {
        QByteArray name;  ///< in lower case
        QByteArray value; ///< without the white space around it
    };

    QByteArray method; ///< as sent: "GET"
    QByteArray target; ///< path and query: "/api/v1/logs?lines=3"
    QByteArray host;   ///< with its port, in lower case; of the target if that is absolute
    bool isVersion10 = false;
    bool isKeptAlive = true; ///< the client takes another answer on this connection
    bool isUpgrade = false;  ///< to a WebSocket
    bool expectsContinue = false;
    qint64 contentLength = 0; ///< bytes of the body
    QList<Field> fields;

    /// Null if there is none; several are joined by ", " (RFC 9110 §5.3).
    QByteArray value(QByteArrayView name) const;
};

/// Takes the bytes of one request's head as they come. Lives in any one thread.
class HeadReader
{
public:
    /// Request line and fields together, in bytes. Qt's parser drops heads beyond 8 KiB a field or 100 fields unseen.
    static constexpr qsizetype LongestHead = 8 * 1024;
    static constexpr qsizetype MostFields = 64;

    /// How many more bytes may be shown to take().
    qsizetype room() const { return LongestHead + 1 - m_bytes.size(); }
    /// Whether more than empty lines has come.
    bool hasBegun() const { return !m_bytes.isEmpty() && m_bytes != "\r"; }

    /// Takes the next bytes, room() at most. Returns how many of them belong to the head: all while it is incomplete.
    qsizetype take(QByteArrayView bytes);

    /// Nullopt while it is incomplete.
    std::variant<std::optional<RequestHead>, Refusal> head() const;

    void reset() { *this = {}; }

private:
    QByteArray m_bytes;
    bool m_isComplete = false;
    const char *m_mistake = nullptr; ///< what is wrong with its characters; null: nothing so far
};

} // namespace Quern::admin
