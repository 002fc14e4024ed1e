#include "cookie_p.h"

#include "httpsyntax_p.h"

#include <QLocale>

#include <stdexcept>

namespace Quern {

namespace {

/// RFC 6265bis §5.6: clients ignore what is longer; bytes.
constexpr qsizetype maxPair = 4096;
constexpr qsizetype maxAttribute = 1024;

[[noreturn]] void refuse(const Cookie &cookie, const std::string &reason)
{
    throw std::invalid_argument("cookie " + quoted(cookie.name) + ": " + reason);
}

/// cookie-octet of RFC 6265 §4.1.1 but '%', which marks what is encoded.
bool isPlain(char c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\' && c != '%';
}

/// av-octet of RFC 6265 §4.1.1.
bool isAttributeValue(QByteArrayView value)
{
    return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != ';'; });
}

bool isHostName(QByteArrayView value)
{
    return value[0] != '.' && value[0] != '-' && std::all_of(value.begin(), value.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '.';
           });
}

bool startsWithIgnoringCase(QByteArrayView text, QByteArrayView start)
{
    return text.size() >= start.size() && equalsIgnoringCase(text.first(start.size()), start);
}

void check(const Cookie &cookie)
{
    if (!isToken(cookie.name))
        refuse(cookie, "its name is not a token: use letters, digits, - and _ (RFC 6265 §4.1.1)");
    if (!cookie.path.isEmpty() && (!cookie.path.startsWith('/') || !isAttributeValue(cookie.path)))
        refuse(cookie, "path " + quoted(cookie.path) +
                           " must start with / and hold visible ASCII without ';': percent-encode the rest");
    if (!cookie.domain.isEmpty() && !isHostName(cookie.domain))
        refuse(cookie, "domain " + quoted(cookie.domain) +
                           " is not a host name: write it like example.org, without a leading dot");
    if (cookie.path.size() > maxAttribute || cookie.domain.size() > maxAttribute)
        refuse(cookie, "its path or domain is over 1024 bytes, which clients ignore: shorten it");
    if (cookie.sameSite == Cookie::SameSite::None && !cookie.secure)
        refuse(cookie, "SameSite=None is refused by clients without Secure: set secure, or use Lax");
    if (cookie.partitioned && !cookie.secure)
        refuse(cookie, "Partitioned is refused by clients without Secure: set secure");
    // RFC 6265bis §5.7 compares these without case.
    const bool isOfHost = startsWithIgnoringCase(cookie.name, "__Host-");
    if ((isOfHost || startsWithIgnoringCase(cookie.name, "__Secure-")) && !cookie.secure)
        refuse(cookie, "a name that begins so is refused by clients without Secure: set secure, or use another name");
    if (isOfHost && (cookie.path != "/" || !cookie.domain.isEmpty()))
        refuse(cookie, "__Host- needs the path / and no domain: clear the domain, or use another name");
}

QByteArray encodedValue(const QString &value)
{
    const QByteArray utf8 = value.toUtf8();
    QByteArray encoded;
    encoded.reserve(utf8.size());
    for (const char c : utf8)
        appendPercentEncoded(encoded, c, isPlain(c));
    return encoded;
}

QByteArrayView nameOf(Cookie::SameSite sameSite)
{
    switch (sameSite) {
    case Cookie::SameSite::None:
        return "None";
    case Cookie::SameSite::Lax:
        return "Lax";
    case Cookie::SameSite::Strict:
        return "Strict";
    case Cookie::SameSite::Unset:
        break;
    }
    return {};
}

/// The attribute \a name of a Set-Cookie value; empty if it is not there.
QByteArrayView attribute(QByteArrayView field, QByteArrayView name)
{
    QByteArrayView found;
    for (qsizetype begin = field.indexOf(';'); begin >= 0;) {
        const qsizetype end = field.indexOf(';', begin + 1);
        const QByteArrayView each = field.sliced(begin + 1, (end < 0 ? field.size() : end) - begin - 1);
        const qsizetype equals = each.indexOf('=');
        if (equals >= 0 && equalsIgnoringCase(each.first(equals).trimmed(), name))
            found = each.sliced(equals + 1).trimmed(); // the last one counts, RFC 6265 §5.3
        begin = end;
    }
    return found;
}

} // namespace

QByteArray setCookieValue(const Cookie &cookie)
{
    check(cookie);
    QByteArray field = cookie.name + '=' + encodedValue(cookie.value);
    if (field.size() - 1 > maxPair)
        refuse(cookie, "name and encoded value are over 4096 bytes, which clients ignore: keep the data on the server "
                       "and send a key to it");
    if (cookie.maxAge)
        field += "; Max-Age=" + QByteArray::number(qint64(qMax(cookie.maxAge->count(), std::chrono::seconds::rep(0))));
    if (cookie.expires.isValid())
        field +=
            "; Expires=" + QLocale::c().toString(cookie.expires.toUTC(), u"ddd, dd MMM yyyy hh:mm:ss 'GMT'").toLatin1();
    if (!cookie.domain.isEmpty())
        field += "; Domain=" + cookie.domain;
    if (!cookie.path.isEmpty())
        field += "; Path=" + cookie.path;
    if (cookie.secure)
        field += "; Secure";
    if (cookie.httpOnly)
        field += "; HttpOnly";
    if (cookie.sameSite != Cookie::SameSite::Unset)
        field.append("; SameSite=").append(nameOf(cookie.sameSite));
    if (cookie.partitioned)
        field += "; Partitioned";
    return field;
}

bool isSameCookie(QByteArrayView field, const Cookie &cookie)
{
    const qsizetype equals = field.indexOf('=');
    return equals >= 0 && field.first(equals).trimmed() == cookie.name && attribute(field, "Path") == cookie.path &&
           equalsIgnoringCase(attribute(field, "Domain"), cookie.domain);
}

} // namespace Quern
