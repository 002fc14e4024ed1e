#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <optional>

namespace Quern::protocol::http {

/// An IPv6 address, or an IPv4 address in the form of ::ffff:a.b.c.d, so that both kinds compare as one.
struct IpAddress
{
    std::array<quint8, 16> bytes{}; ///< network order

    /// Reads dotted decimal, or IPv6 without brackets and zone. Allocates nothing; nullopt if \a text is neither.
    static std::optional<IpAddress> parse(QByteArrayView text);

    bool isIpv4() const;
    /// The text that inet_ntop() writes; IPv4 in dotted decimal.
    QByteArray toText() const;
    bool operator==(const IpAddress &) const = default;
};

} // namespace Quern::protocol::http
