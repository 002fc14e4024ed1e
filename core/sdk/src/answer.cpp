#include "answer_p.h"

#include <initializer_list>
#include <stdexcept>

namespace Quern {

namespace {

/// RFC 9110 §5.5: a field value holds visible characters, spaces, tabs and obs-text.
bool isFieldValue(QByteArrayView value)
{
    return std::all_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

bool isOneOf(QByteArrayView name, std::initializer_list<QByteArrayView> names)
{
    return std::any_of(names.begin(), names.end(),
                       [name](QByteArrayView each) { return equalsIgnoringCase(each, name); });
}

} // namespace

QByteArrayView Answer::value(QByteArrayView name) const
{
    QByteArrayView found;
    visitFields(headerBlock, [&](QByteArrayView each, QByteArrayView fieldValue, qsizetype, qsizetype) {
        if (!equalsIgnoringCase(each, name))
            return false;
        found = fieldValue;
        return true;
    });
    return found;
}

void Answer::append(QByteArrayView name, QByteArrayView fieldValue)
{
    const qsizetype needed = headerBlock.size() + name.size() + fieldValue.size() + 4;
    // The old block stays until the end: name and value may lie in it.
    QByteArray other;
    if (headerBlock.capacity() < needed || !headerBlock.isDetached()) {
        other.reserve(qMax(2 * needed, qsizetype(256)));
        other.append(headerBlock);
        headerBlock.swap(other);
    }
    headerBlock.append(name).append(": ").append(fieldValue).append("\r\n");
}

void Answer::remove(QByteArrayView name)
{
    removeFields(headerBlock, [name](QByteArrayView each, QByteArrayView) { return equalsIgnoringCase(each, name); });
}

void Answer::set(QByteArrayView name, QByteArrayView fieldValue)
{
    if (value(name).isNull()) {
        append(name, fieldValue);
        return;
    }
    const QByteArray old = headerBlock; // name and value may lie in it
    remove(name);
    append(name, fieldValue);
}

QByteArrayView checkedFieldValue(QByteArrayView name, QByteArrayView value)
{
    if (!isToken(name))
        throw std::invalid_argument("header field name " + quoted(name) +
                                    " is not a token: use letters, digits and - only (RFC 9110 §5.1)");
    if (isOneOf(name, {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date",
                       "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions"}))
        throw std::invalid_argument("header field " + quoted(name) +
                                    " is written by the server itself: do not set it in a handler");
    if (isOneOf(name, {"Sec-WebSocket-Protocol"}))
        throw std::invalid_argument("header field " + quoted(name) +
                                    " is what WebSocketRoute::subprotocols() agrees with the client: name them there");
    if (!isFieldValue(value))
        throw std::invalid_argument("value of header field " + quoted(name) +
                                    " holds a control character (CR, LF, NUL, …): remove or encode it");
    return value.trimmed();
}

QByteArrayView checkedTrailerValue(QByteArrayView name, QByteArrayView value)
{
    const QByteArrayView checked = checkedFieldValue(name, value);
    // RFC 9110 §6.5.1: what the recipient has to know before the body comes too late behind it.
    if (isOneOf(name, {"Age",
                       "Authorization",
                       "Cache-Control",
                       "Content-Encoding",
                       "Content-Range",
                       "Content-Type",
                       "Expect",
                       "Expires",
                       "Host",
                       "Location",
                       "Max-Forwards",
                       "Pragma",
                       "Range",
                       "Retry-After",
                       "Set-Cookie",
                       "TE",
                       "Trailer",
                       "Upgrade",
                       "Vary",
                       "WWW-Authenticate",
                       "Proxy-Authenticate"}))
        throw std::invalid_argument(
            "field " + quoted(name) +
            " means nothing after the body: set it as a header field, before the stream begins");
    return checked;
}

} // namespace Quern
