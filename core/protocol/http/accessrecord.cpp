#include "protocol/http/accessrecord.h"

#include "protocol/http/escape.h"

#include <charconv>
#include <cstdio>
#include <ctime>

namespace Quern::protocol::http {

namespace {

template <typename Number>
void appendNumber(QByteArray &out, Number number)
{
    char digits[24];
    const char *const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end - digits);
}

/// A text that is made anew only when its second is another one than the last.
struct CachedTime
{
    std::time_t second = 0;
    char text[40] = {};
    qsizetype size = 0;
};

/// "10/Oct/2000:13:55:36 +0200". In English whatever the locale is, so strftime() is of no use.
QByteArrayView localTime(std::time_t second)
{
    static constexpr char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    thread_local CachedTime cached;
    if (cached.size == 0 || second != cached.second) {
        std::tm local{};
        localtime_r(&second, &local);
        const long minutes = std::labs(local.tm_gmtoff) / 60;
        cached.size =
            std::snprintf(cached.text, sizeof cached.text, "%02d/%.3s/%04d:%02d:%02d:%02d %c%02ld%02ld", local.tm_mday,
                          months + 3 * local.tm_mon, local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec,
                          local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
        cached.second = second;
    }
    return {cached.text, cached.size};
}

/// "2000-10-10T11:55:36"
QByteArrayView utcTime(std::time_t second)
{
    thread_local CachedTime cached;
    if (cached.size == 0 || second != cached.second) {
        std::tm utc{};
        gmtime_r(&second, &utc);
        cached.size =
            std::snprintf(cached.text, sizeof cached.text, "%04d-%02d-%02dT%02d:%02d:%02d", utc.tm_year + 1900,
                          utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
        cached.second = second;
    }
    return {cached.text, cached.size};
}

/// \a text in quotes; "-" if it is empty.
void appendQuoted(QByteArray &out, QByteArrayView text)
{
    out.append('"');
    appendLogText(out, text.isEmpty() ? QByteArrayView("-") : text);
    out.append('"');
}

void appendWithoutEnd(QByteArray &out, const AccessRecord &record)
{
    appendLogText(out, record.clientAddress.isEmpty() ? QByteArrayView("unix:") : record.clientAddress);
    out.append(" - - [");
    out.append(localTime(std::chrono::system_clock::to_time_t(record.time))).append("] \"");
    if (record.method.isEmpty()) {
        out.append('-');
    } else {
        appendLogText(out, record.method);
        out.append(' ');
        appendLogText(out, record.target);
        out.append(" HTTP/1.");
        appendNumber(out, int(record.minorVersion));
    }
    out.append("\" ");
    appendNumber(out, record.status);
    out.append(' ');
    appendNumber(out, record.bodyBytes);
}

void appendMember(QByteArray &out, QByteArrayView key, QByteArrayView text)
{
    out.append(",\"").append(key).append("\":");
    appendJsonString(out, text);
}

template <typename Number>
void appendNumberMember(QByteArray &out, QByteArrayView key, Number number)
{
    out.append(",\"").append(key).append("\":");
    appendNumber(out, number);
}

} // namespace

void appendCommon(QByteArray &out, const AccessRecord &record)
{
    appendWithoutEnd(out, record);
    out.append('\n');
}

void appendCombined(QByteArray &out, const AccessRecord &record)
{
    appendWithoutEnd(out, record);
    out.append(' ');
    appendQuoted(out, record.referer);
    out.append(' ');
    appendQuoted(out, record.userAgent);
    out.append('\n');
}

void appendJson(QByteArray &out, const AccessRecord &record)
{
    const auto second = std::chrono::floor<std::chrono::seconds>(record.time);
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(record.time - second).count();
    const char fraction[] = {'.',
                             static_cast<char>('0' + milliseconds / 100),
                             static_cast<char>('0' + milliseconds / 10 % 10),
                             static_cast<char>('0' + milliseconds % 10),
                             'Z',
                             '"'};
    out.append("{\"time\":\"").append(utcTime(std::chrono::system_clock::to_time_t(second)));
    out.append(fraction, sizeof fraction);
    appendMember(out, "client", record.clientAddress);
    appendMember(out, "peer", record.peerAddress);
    appendMember(out, "method", record.method);
    appendMember(out, "target", record.target);
    appendNumberMember(out, "minorVersion", int(record.minorVersion));
    appendMember(out, "host", record.host);
    appendNumberMember(out, "status", record.status);
    appendNumberMember(out, "bodyBytes", record.bodyBytes);
    appendMember(out, "referer", record.referer);
    appendMember(out, "userAgent", record.userAgent);
    appendNumberMember(out, "durationUs", record.duration.count());
    appendMember(out, "requestId", record.requestId);
    if (record.workerId < 0)
        out.append(",\"worker\":null");
    else
        appendNumberMember(out, "worker", record.workerId);
    out.append(record.isReusedConnection ? ",\"reusedConnection\":true}\n" : ",\"reusedConnection\":false}\n");
}

} // namespace Quern::protocol::http
