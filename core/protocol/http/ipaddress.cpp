#include "protocol/http/ipaddress.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

namespace Quern::protocol::http {

namespace {

constexpr std::array<quint8, 12> mappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

std::optional<IpAddress> IpAddress::parse(QByteArrayView text)
{
    char terminated[INET6_ADDRSTRLEN] = {};
    if (text.size() >= qsizetype(sizeof terminated) || text.contains('\0'))
        return std::nullopt;
    std::copy(text.begin(), text.end(), terminated);
    IpAddress address;
    if (text.contains(':'))
        return inet_pton(AF_INET6, terminated, address.bytes.data()) == 1 ? std::optional(address) : std::nullopt;
    std::copy(mappedPrefix.begin(), mappedPrefix.end(), address.bytes.begin());
    if (inet_pton(AF_INET, terminated, address.bytes.data() + mappedPrefix.size()) == 1)
        return address;
    return std::nullopt;
}

bool IpAddress::isIpv4() const
{
    return std::equal(mappedPrefix.begin(), mappedPrefix.end(), bytes.begin());
}

QByteArray IpAddress::toText() const
{
    char text[INET6_ADDRSTRLEN] = {};
    if (isIpv4())
        inet_ntop(AF_INET, bytes.data() + mappedPrefix.size(), text, sizeof text);
    else
        inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
    return text;
}

} // namespace Quern::protocol::http
