#include "protocol/http/proxytrust.h"

#include <algorithm>

namespace Quern::protocol::http {

namespace {

constexpr int addressBits = 128;
constexpr int mappedBits = 96; ///< in front of an IPv4 address

/// \a address with all but its first \a prefix bits cleared.
IpAddress masked(IpAddress address, int prefix)
{
    for (int i = 0; i < int(address.bytes.size()); ++i) {
        const int kept = std::clamp(prefix - i * 8, 0, 8);
        address.bytes[size_t(i)] &= static_cast<quint8>(0xff00 >> kept);
    }
    return address;
}

Error invalid(const QString &entry, const QString &reason)
{
    return Error(Error::Invalid, QStringLiteral("trusted proxy \"%1\": %2").arg(entry, reason));
}

} // namespace

bool ProxyTrust::Network::contains(const IpAddress &address) const
{
    const auto whole = size_t(prefix / 8);
    if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin()))
        return false;
    const int rest = prefix % 8;
    return rest == 0 || ((base.bytes[whole] ^ address.bytes[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

Result<ProxyTrust> ProxyTrust::parse(const QStringList &entries)
{
    ProxyTrust trust;
    for (const QString &entry : entries) {
        if (entry == u"*") {
            trust.m_trustsAll = true;
        } else if (entry == u"unix") {
            trust.m_trustsUnix = true;
        } else {
            const Result<Network> network = parseNetwork(entry);
            if (!network)
                return network.error();
            trust.m_networks.append(*network);
        }
    }
    return trust;
}

Result<ProxyTrust::Network> ProxyTrust::parseNetwork(const QString &entry)
{
    const qsizetype slash = entry.indexOf(u'/');
    const QString text = slash < 0 ? entry : entry.first(slash);
    const std::optional<IpAddress> address = IpAddress::parse(text.toUtf8());
    if (!address) {
        return invalid(entry,
                       QStringLiteral("not a numeric address; write one such as \"127.0.0.1\", a network such as "
                                      "\"10.0.0.0/8\", \"unix\" or \"*\""));
    }
    if (slash < 0)
        return Network{*address, addressBits};

    const int offset = text.contains(u':') ? 0 : mappedBits;
    const QString digits = entry.sliced(slash + 1);
    const bool hasOnlyDigits =
        std::all_of(digits.begin(), digits.end(), [](QChar c) { return c >= u'0' && c <= u'9'; });
    bool isNumber = false;
    const int length = digits.toInt(&isNumber);
    if (!isNumber || !hasOnlyDigits || length > addressBits - offset) {
        return invalid(
            entry,
            QStringLiteral("after the slash, a number of bits from 0 to %1 is wanted").arg(addressBits - offset));
    }
    const Network network{masked(*address, length + offset), length + offset};
    if (network.base != *address) {
        return invalid(entry, QStringLiteral("the address has bits beyond the first %1; write \"%2/%1\"")
                                  .arg(length)
                                  .arg(QString::fromLatin1(network.base.toText())));
    }
    return network;
}

bool ProxyTrust::trusts(QByteArrayView address) const
{
    if (m_trustsAll || address.isEmpty())
        return m_trustsAll || m_trustsUnix;
    if (m_networks.isEmpty())
        return false;
    const std::optional<IpAddress> parsed = IpAddress::parse(address);
    return parsed && trusts(*parsed);
}

bool ProxyTrust::trusts(const IpAddress &address) const
{
    return m_trustsAll || std::any_of(m_networks.begin(), m_networks.end(),
                                      [&address](const Network &network) { return network.contains(address); });
}

} // namespace Quern::protocol::http
