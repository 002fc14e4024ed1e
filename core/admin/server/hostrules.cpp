#include "admin/server/hostrules.h"

#include <QHostAddress>

#include <algorithm>
#include <optional>

namespace Quern::admin {

namespace {

struct Authority
{
    QByteArray name; ///< with the brackets of an IPv6 address
    QByteArray port; ///< empty if none is written
};

std::optional<Authority> split(const QByteArray &host)
{
    const qsizetype bracket = host.indexOf(']');
    const qsizetype colon = host.indexOf(':', bracket < 0 ? 0 : bracket);
    Authority authority = {colon < 0 ? host : host.left(colon), colon < 0 ? QByteArray() : host.mid(colon + 1)};
    const bool isNumber =
        std::all_of(authority.port.begin(), authority.port.end(), [](char c) { return c >= '0' && c <= '9'; });
    constexpr qsizetype mostDigits = 5;
    if (authority.name.isEmpty() || !isNumber || authority.port.size() > mostDigits)
        return std::nullopt;
    return authority;
}

/// No name leads to an address: it cannot be bound to another one.
bool isAddress(const QByteArray &name)
{
    const bool isBracketed = name.startsWith('[') && name.endsWith(']');
    const QByteArray bare = isBracketed ? name.mid(1, name.size() - 2) : name;
    QHostAddress address;
    // QHostAddress takes "1" and "0x7f.1" as addresses, too.
    if (!address.setAddress(QString::fromLatin1(bare)))
        return false;
    return isBracketed ? address.protocol() == QAbstractSocket::IPv6Protocol : address.toString().toLatin1() == bare;
}

QByteArray withDefaultPort(const Authority &authority, const QByteArray &scheme)
{
    if (!authority.port.isEmpty())
        return authority.name + ':' + authority.port;
    return authority.name + (scheme == "https" ? ":443" : ":80");
}

} // namespace

bool HostRules::permitsHost(const QByteArray &host) const
{
    const std::optional<Authority> authority = split(host);
    return authority &&
           (authority->name == "localhost" || isAddress(authority->name) || hosts.contains(authority->name));
}

bool HostRules::isSameOrigin(const QByteArray &origin, const QByteArray &scheme, const QByteArray &host) const
{
    const QByteArray beginning = scheme + "://";
    const QByteArray lower = origin.toLower();
    if (!lower.startsWith(beginning))
        return false;
    const std::optional<Authority> theirs = split(lower.mid(beginning.size()));
    const std::optional<Authority> ours = split(host);
    return theirs && ours && withDefaultPort(*theirs, scheme) == withDefaultPort(*ours, scheme);
}

bool HostRules::permitsForeignOrigin(const QByteArray &origin) const
{
    return origins.contains(origin.toLower());
}

} // namespace Quern::admin
