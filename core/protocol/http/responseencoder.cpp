#include "protocol/http/responseencoder.h"

#include "protocol/http/httpdate.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace Quern::protocol::http {

namespace {

/// Room for a status line without its phrase, all fixed names, both numbers and every CRLF of a head; bytes.
constexpr qsizetype fixedHeadBytes = 160;

char *put(char *to, QByteArrayView bytes)
{
    return std::copy(bytes.begin(), bytes.end(), to);
}

constexpr int resetContent = 205;
constexpr int upgradeRequired = 426;

char *putNumber(char *to, quint64 number)
{
    constexpr int maxDigits = 20;
    return std::to_chars(to, to + maxDigits, number).ptr;
}

} // namespace

bool mayHaveBody(int status)
{
    return status >= 200 && status != 204 && status != resetContent && status != 304;
}

QByteArrayView reasonPhrase(int status)
{
    switch (status) {
    case 100:
        return "Continue";
    case 101:
        return "Switching Protocols";
    case 102:
        return "Processing";
    case 103:
        return "Early Hints";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 203:
        return "Non-Authoritative Information";
    case 204:
        return "No Content";
    case 205:
        return "Reset Content";
    case 206:
        return "Partial Content";
    case 207:
        return "Multi-Status";
    case 208:
        return "Already Reported";
    case 226:
        return "IM Used";
    case 300:
        return "Multiple Choices";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 305:
        return "Use Proxy";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 402:
        return "Payment Required";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 407:
        return "Proxy Authentication Required";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 411:
        return "Length Required";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Content";
    case 423:
        return "Locked";
    case 424:
        return "Failed Dependency";
    case 425:
        return "Too Early";
    case 426:
        return "Upgrade Required";
    case 428:
        return "Precondition Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 451:
        return "Unavailable For Legal Reasons";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    case 506:
        return "Variant Also Negotiates";
    case 507:
        return "Insufficient Storage";
    case 508:
        return "Loop Detected";
    case 511:
        return "Network Authentication Required";
    default:
        return {};
    }
}

void appendHead(QByteArray &out, int status, QByteArrayView headerBlock, std::optional<quint64> contentLength,
                const ResponseFraming &framing, QByteArrayView date, QByteArrayView server)
{
    const QByteArrayView phrase = reasonPhrase(status);
    const qsizetype start = out.size();
    out.resize(start + fixedHeadBytes + phrase.size() + date.size() + server.size() + headerBlock.size());
    char *to = out.data() + start;
    to = put(to, "HTTP/1.1 ");
    to = putNumber(to, static_cast<quint64>(status));
    *to++ = ' ';
    to = put(to, phrase);
    to = put(to, "\r\nDate: ");
    to = put(to, date);
    if (!server.isEmpty()) {
        to = put(to, "\r\nServer: ");
        to = put(to, server);
    }
    if (status == resetContent) {
        to = put(to, "\r\nContent-Length: 0"); // RFC 9110 §15.3.6
    } else if (mayHaveBody(status) && contentLength) {
        to = put(to, "\r\nContent-Length: ");
        to = putNumber(to, *contentLength);
    } else if (mayHaveBody(status) && framing.requestMinorVersion > 0) {
        to = put(to, "\r\nTransfer-Encoding: chunked");
    }
    if (!framing.keepAlive)
        to = put(to, "\r\nConnection: close");
    else if (framing.requestMinorVersion == 0)
        to = put(to, "\r\nConnection: keep-alive");
    if (status == upgradeRequired)
        to = put(to, "\r\nConnection: Upgrade"); // RFC 9110 §7.8, §15.5.22
    to = put(to, "\r\n");
    to = put(to, headerBlock);
    to = put(to, "\r\n");
    out.truncate(to - out.constData());
}

QByteArrayView currentDate()
{
    thread_local std::time_t cachedSecond = -1;
    thread_local char cached[HttpDateBytes];

    const std::time_t now = std::time(nullptr);
    if (now != cachedSecond) {
        putHttpDate(cached, now);
        cachedSecond = now;
    }
    return {cached, HttpDateBytes};
}

} // namespace Quern::protocol::http
