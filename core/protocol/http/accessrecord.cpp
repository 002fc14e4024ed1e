#include "protocol/http/accessrecord.h"

#include "protocol/http/escape.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace Quern::protocol::http {

namespace {

/// Room for everything in a line that is not a text of the record, bytes.
constexpr qsizetype fixedLineBytes = 512;

char *put(char *to, QByteArrayView bytes)
{
    return std::copy(bytes.begin(), bytes.end(), to);
}

template <typename Number>
char *putNumber(char *to, Number number)
{
    constexpr int maxDigits = 20;
    return std::to_chars(to, to + maxDigits, number).ptr;
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
char *putQuoted(char *to, QByteArrayView text)
{
    *to++ = '"';
    to = text.isEmpty() ? put(to, "-") : putLogText(to, text);
    *to++ = '"';
    return to;
}

char *putCommon(char *to, const AccessRecord &record)
{
    to = record.clientAddress.isEmpty() ? put(to, "unix:") : putLogText(to, record.clientAddress);
    to = put(to, " - - [");
    to = put(to, localTime(std::chrono::system_clock::to_time_t(record.time)));
    to = put(to, "] \"");
    if (record.method.isEmpty()) {
        *to++ = '-';
    } else {
        to = putLogText(to, record.method);
        *to++ = ' ';
        to = putLogText(to, record.target);
        to = put(to, " HTTP/1.");
        to = putNumber(to, int(record.minorVersion));
    }
    to = put(to, "\" ");
    to = putNumber(to, record.status);
    *to++ = ' ';
    return putNumber(to, record.bodyBytes);
}

char *putCombined(char *to, const AccessRecord &record)
{
    to = putCommon(to, record);
    *to++ = ' ';
    to = putQuoted(to, record.referer);
    *to++ = ' ';
    return putQuoted(to, record.userAgent);
}

/// \a key with all punctuation from the value before to the quote of this one.
char *putText(char *to, QByteArrayView key, QByteArrayView text)
{
    return putJsonText(put(to, key), text);
}

char *putJson(char *to, const AccessRecord &record)
{
    const auto second = std::chrono::floor<std::chrono::seconds>(record.time);
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(record.time - second).count();
    to = put(to, "{\"time\":\"");
    to = put(to, utcTime(std::chrono::system_clock::to_time_t(second)));
    *to++ = '.';
    *to++ = static_cast<char>('0' + milliseconds / 100);
    *to++ = static_cast<char>('0' + milliseconds / 10 % 10);
    *to++ = static_cast<char>('0' + milliseconds % 10);
    to = putText(to, "Z\",\"client\":\"", record.clientAddress);
    to = putText(to, "\",\"peer\":\"", record.peerAddress);
    to = putText(to, "\",\"method\":\"", record.method);
    to = putText(to, "\",\"target\":\"", record.target);
    to = putNumber(put(to, "\",\"minorVersion\":"), int(record.minorVersion));
    to = putText(to, ",\"host\":\"", record.host);
    to = putNumber(put(to, "\",\"status\":"), record.status);
    to = putNumber(put(to, ",\"bodyBytes\":"), record.bodyBytes);
    to = putText(to, ",\"referer\":\"", record.referer);
    to = putText(to, "\",\"userAgent\":\"", record.userAgent);
    to = putNumber(put(to, "\",\"durationUs\":"), record.duration.count());
    to = putText(to, ",\"requestId\":\"", record.requestId);
    to = put(to, "\",\"worker\":");
    to = record.workerId < 0 ? put(to, "null") : putNumber(to, record.workerId);
    return put(to, record.isReusedConnection ? ",\"reusedConnection\":true}" : ",\"reusedConnection\":false}");
}

/// Appends the line that \a putLine writes.
void appendLine(QByteArray &out, const AccessRecord &record, char *(*putLine)(char *, const AccessRecord &))
{
    const qsizetype texts = record.clientAddress.size() + record.peerAddress.size() + record.method.size() +
                            record.target.size() + record.host.size() + record.referer.size() +
                            record.userAgent.size() + record.requestId.size();
    const qsizetype start = out.size();
    out.resize(start + fixedLineBytes + texts * maxEscapedBytes);
    char *end = putLine(out.data() + start, record);
    *end++ = '\n';
    out.truncate(end - out.constData());
}

} // namespace

void appendCommon(QByteArray &out, const AccessRecord &record)
{
    appendLine(out, record, putCommon);
}

void appendCombined(QByteArray &out, const AccessRecord &record)
{
    appendLine(out, record, putCombined);
}

void appendJson(QByteArray &out, const AccessRecord &record)
{
    appendLine(out, record, putJson);
}

} // namespace Quern::protocol::http
