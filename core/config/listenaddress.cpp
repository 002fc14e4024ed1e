#include "config/listenaddress.h"

#include "config/text.h"
#include "config/tomltext.h"

#include <QDir>
#include <QFile>
#include <QRegularExpression>

#include <algorithm>
#include <optional>

#include <arpa/inet.h>
#include <sys/un.h>

namespace Quern::config {

namespace {

/// sun_path ends with a NUL.
constexpr qsizetype longestUnixPath = sizeof(sockaddr_un::sun_path) - 1;

/// The shortest form of an address literal, so that two ways to write one address compare equal.
std::optional<QString> canonicalAddress(int family, const QString &literal)
{
    in6_addr binary = {};
    char shortest[INET6_ADDRSTRLEN] = {};
    if (::inet_pton(family, literal.toUtf8().constData(), &binary) != 1)
        return std::nullopt;
    ::inet_ntop(family, &binary, shortest, sizeof shortest);
    return QString::fromLatin1(shortest);
}

std::optional<QString> anyAddress(const QString &literal)
{
    const auto address = canonicalAddress(AF_INET, literal);
    return address ? address : canonicalAddress(AF_INET6, literal);
}

QString withoutBrackets(const QString &text)
{
    return text.startsWith(u'[') && text.endsWith(u']') ? text.mid(1, text.size() - 2) : text;
}

std::optional<quint16> parsePort(const QString &digits)
{
    const auto isDigit = [](QChar c) { return c >= u'0' && c <= u'9'; };
    const quint16 port = digits.toUShort();
    if (port == 0 || !std::all_of(digits.begin(), digits.end(), isDigit))
        return std::nullopt;
    return port;
}

/// What is written before an address where TLS is spoken.
const QString tlsPrefix = QStringLiteral("tls:");

/// An address as it is written, in two parts.
struct Written
{
    QString prefix; ///< empty, "tls:", or another word for it
    QString text;   ///< the address itself
};

/// \a mend has no prefix yet.
Error refusal(const Written &written, const QString &reason, const QString &mend)
{
    const QString prefix = written.prefix.isEmpty() ? QString() : tlsPrefix;
    return Error(
        Error::Invalid,
        Text::tr("%1 %2; write %3").arg(shownString(written.prefix + written.text), reason, quotedToml(prefix + mend)));
}

bool isAnyHost(const QString &host)
{
    return host == u"0.0.0.0" || host == u"::";
}

Result<ListenAddress> parseUnix(const Written &written, const QString &directory)
{
    const QString path = written.text.mid(5);
    if (path.isEmpty())
        return refusal(written, Text::tr("has no path"), QStringLiteral("unix:/run/quern.sock"));
    if (hasControlCharacter(path))
        return refusal(written, Text::tr("has a control character"), QStringLiteral("unix:/run/quern.sock"));
    const ListenAddress address = ListenAddress::unixSocket(QDir::cleanPath(QDir(directory).absoluteFilePath(path)));
    const qsizetype length = QFile::encodeName(address.path).size();
    if (length > longestUnixPath) {
        return Error(Error::Invalid,
                     Text::tr("the path %1 has %2 bytes, and a socket's may have %3; choose a shorter one")
                         .arg(quotedToml(address.path), QString::number(length), QString::number(longestUnixPath)));
    }
    return address;
}

/// An IPv6 address without its brackets, or a host that is no address: says what was probably meant.
Error badHost(const Written &written, const QString &host, quint16 port)
{
    if (const auto bare = canonicalAddress(AF_INET6, host))
        return refusal(written, Text::tr("lacks the brackets around the IPv6 address"),
                       ListenAddress::tcp(*bare, port).text);
    if (host == u"*" || host.isEmpty())
        return refusal(written, Text::tr("names no address"), ListenAddress::tcp(QStringLiteral("0.0.0.0"), port).text);
    return refusal(written, Text::tr("names a host instead of an IP address"),
                   ListenAddress::tcp(QStringLiteral("127.0.0.1"), port).text);
}

/// The address without the prefix.
Result<ListenAddress> parsePlain(const Written &written, const QString &directory)
{
    const QString &text = written.text;
    if (text.startsWith(u"unix:"))
        return parseUnix(written, directory);

    const qsizetype colon = text.lastIndexOf(u':');
    const QString host = text.left(colon);
    const auto port = parsePort(text.mid(colon + 1));
    if (const auto whole = anyAddress(withoutBrackets(text))) {
        // "::1:5200" is an address as well, but hardly the one that was meant.
        if (port && canonicalAddress(AF_INET6, host))
            return badHost(written, host, *port);
        return refusal(written, Text::tr("has no port"), ListenAddress::tcp(*whole, 5200).text);
    }
    if (colon < 0)
        return refusal(written, Text::tr("has no port"), QStringLiteral("127.0.0.1:5200"));

    const QString bare = withoutBrackets(host);
    const auto address = canonicalAddress(bare == host ? AF_INET : AF_INET6, bare);
    if (!port) {
        return refusal(written, Text::tr("needs a port from 1 to 65535 after the colon"),
                       ListenAddress::tcp(address.value_or(QStringLiteral("127.0.0.1")), 5200).text);
    }
    if (!address)
        return badHost(written, bare, *port);
    return ListenAddress::tcp(*address, *port);
}

} // namespace

ListenAddress ListenAddress::tcp(const QString &host, quint16 port)
{
    const QString shown = host.contains(u':') ? QStringLiteral("[%1]").arg(host) : host;
    return {Tcp, host, port, {}, QStringLiteral("%1:%2").arg(shown).arg(port), false};
}

ListenAddress ListenAddress::unixSocket(const QString &path)
{
    return {Unix, {}, 0, path, QStringLiteral("unix:") + path, false};
}

Result<ListenAddress> ListenAddress::parse(const QString &text, const QString &directory)
{
    // Who writes another word for TLS must not be led to plain text by the mend.
    static const QRegularExpression meantTls(QStringLiteral("\\A(?:tls|ssl|https|wss):(?://)?"),
                                             QRegularExpression::CaseInsensitiveOption);
    const QString prefix = meantTls.match(text).captured();
    if (prefix.isEmpty())
        return parsePlain({{}, text}, directory);
    Written written{prefix, text.mid(prefix.size())};
    if (prefix.endsWith(u'/') && written.text.endsWith(u'/'))
        written.text.chop(1);
    Result<ListenAddress> address = parsePlain(written, directory);
    if (address && prefix != tlsPrefix)
        return refusal(written, Text::tr("says TLS in another way"), address->text);
    if (address) {
        address->tls = true;
        address->text.prepend(tlsPrefix);
    }
    return address;
}

bool ListenAddress::overlaps(const ListenAddress &other) const
{
    if (kind != other.kind)
        return false;
    if (kind == Unix)
        return path == other.path;
    // IPv6 sockets leave IPv4 alone.
    const bool isOneFamily = host.contains(u':') == other.host.contains(u':');
    return isOneFamily && port == other.port && (host == other.host || isAnyHost(host) || isAnyHost(other.host));
}

bool ListenAddress::isLoopback() const
{
    return kind == Unix || host == u"::1" || (host.startsWith(u"127.") && !host.contains(u':'));
}

bool isAddressRange(const QString &text)
{
    if (text == u"unix" || text == u"*")
        return true;
    const QStringList halves = text.split(u'/');
    const bool isIpv4 = canonicalAddress(AF_INET, halves.constFirst()).has_value();
    if (!isIpv4 && !canonicalAddress(AF_INET6, halves.constFirst()))
        return false;
    if (halves.size() == 1)
        return true;
    bool isNumber = false;
    const ushort bits = halves.at(1).toUShort(&isNumber);
    return halves.size() == 2 && isNumber && bits <= (isIpv4 ? 32 : 128);
}

} // namespace Quern::config
