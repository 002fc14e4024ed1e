#include "protocol/http/forwarded.h"

#include "protocol/http/authority.h"
#include "protocol/http/bytes.h"
#include "protocol/http/fieldvalue.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace Quern::protocol::http {

namespace {

constexpr qsizetype maxHops = 64;
/// A name as long as DNS has them (RFC 1035 §2.3.4), a colon and a port, in bytes.
constexpr qsizetype maxHostBytes = 255 + 6;

/// An address on the way of a request, and the port if it was told.
struct Node
{
    IpAddress address;
    quint16 port = 0;
};

/// What one family of fields says.
struct Telling
{
    std::optional<Node> client;
    std::optional<bool> secure;
    QByteArray host;
    quint16 hostPort = 0;
};

/// One element of Forwarded (RFC 7239 §4).
struct Element
{
    std::optional<Parameter> node;
    std::optional<Parameter> protocol;
    std::optional<Parameter> host;
};

Error invalid(const char *reason)
{
    return Error(Error::Invalid, QString::fromLatin1(reason));
}

/// 1 to 65535; 0 for anything else.
quint16 portOf(QByteArrayView digits)
{
    quint16 port = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
    return error == std::errc() && end == digits.end() ? port : 0;
}

std::optional<bool> isSecure(QByteArrayView protocol)
{
    if (isIgnoringCase(protocol, "https") || isIgnoringCase(protocol, "wss"))
        return true;
    if (isIgnoringCase(protocol, "http") || isIgnoringCase(protocol, "ws"))
        return false;
    return std::nullopt;
}

/// Reads an address with or without port, IPv6 with or without brackets; nullopt for "unknown", "_hidden" and garbage.
std::optional<Node> nodeOf(QByteArrayView text)
{
    QByteArrayView address = text;
    QByteArrayView port;
    if (text.startsWith('[')) {
        const qsizetype bracket = text.indexOf(']');
        if (bracket < 0)
            return std::nullopt;
        address = text.sliced(1, bracket - 1);
        port = text.sliced(bracket + 1);
        if (!address.contains(':') || (!port.isEmpty() && port.front() != ':'))
            return std::nullopt;
    } else if (const qsizetype colon = text.indexOf(':'); colon >= 0 && text.lastIndexOf(':') == colon) {
        address = text.first(colon);
        port = text.sliced(colon);
    }
    const std::optional<IpAddress> parsed = IpAddress::parse(address);
    if (!parsed)
        return std::nullopt;
    // RFC 7239 §6: the port may be obfuscated too.
    return Node{*parsed, port.isEmpty() ? quint16(0) : portOf(port.sliced(1))};
}

bool isHostOfClient(QByteArrayView host)
{
    return host.size() <= maxHostBytes && isHostAndPort(host);
}

QByteArrayView withoutQuotes(QByteArrayView text)
{
    return text.size() >= 2 && text.startsWith('"') && text.endsWith('"') ? text.sliced(1, text.size() - 2) : text;
}

QByteArray textOf(const Parameter &parameter)
{
    return parameter.isQuoted ? unescaped(parameter.value) : parameter.value.toByteArray();
}

/// Takes the nodes on a request's way, the nearest first, and finds the client among them.
class Walk
{
public:
    explicit Walk(const ProxyTrust &trust) : m_trust(trust) {}

    /// False when the walk ends with this node.
    bool pass(const std::optional<Node> &node)
    {
        if (!node)
            return false;
        m_client = node;
        return ++m_hops < maxHops && m_trust.trusts(node->address);
    }
    const std::optional<Node> &client() const { return m_client; }

private:
    const ProxyTrust &m_trust;
    std::optional<Node> m_client;
    qsizetype m_hops = 0;
};

/// Takes the last member, empty or not, off \a list. It is no matter of quotes: X-Forwarded-* knows none, and a client
/// must not hide with one what a proxy adds.
QByteArrayView takeLastMember(QByteArrayView &list)
{
    const qsizetype comma = list.lastIndexOf(',');
    const QByteArrayView member = withoutSurroundingSpace(list.sliced(comma + 1));
    list = list.first(qMax(comma, qsizetype(0)));
    return member;
}

std::optional<Node> walkXForwardedFor(const RequestHead &head, const ProxyTrust &trust)
{
    Walk walk(trust);
    for (auto header = head.headers.rbegin(); header != head.headers.rend(); ++header) {
        if (!isIgnoringCase(header->name.in(head.bytes), "x-forwarded-for"))
            continue;
        QByteArrayView list = header->value.in(head.bytes);
        while (!list.isEmpty()) {
            const QByteArrayView member = takeLastMember(list);
            if (!member.isEmpty() && !walk.pass(nodeOf(withoutQuotes(member))))
                return walk.client();
        }
    }
    return walk.client();
}

/// The rightmost member of the last field \a name, in lower case; empty if there is none.
QByteArrayView lastMember(const RequestHead &head, std::string_view name)
{
    for (auto header = head.headers.rbegin(); header != head.headers.rend(); ++header) {
        if (isIgnoringCase(header->name.in(head.bytes), name)) {
            QByteArrayView list = header->value.in(head.bytes);
            return withoutQuotes(takeLastMember(list));
        }
    }
    return {};
}

Result<Telling> readXForwarded(const RequestHead &head, const ProxyTrust &trust)
{
    Telling telling;
    telling.client = walkXForwardedFor(head, trust);
    telling.secure = isSecure(lastMember(head, "x-forwarded-proto"));
    telling.hostPort = portOf(lastMember(head, "x-forwarded-port"));
    const QByteArrayView host = lastMember(head, "x-forwarded-host");
    if (!isHostOfClient(host))
        return invalid("invalid X-Forwarded-Host");
    telling.host = host.toByteArray();
    return telling;
}

/// Reads one element of Forwarded; nullopt if it is malformed.
std::optional<Element> elementOf(QByteArrayView text)
{
    Element element;
    ParameterReader reader(text);
    while (const std::optional<Parameter> parameter = reader.next()) {
        std::optional<Parameter> *known = nullptr;
        if (isIgnoringCase(parameter->name, "for"))
            known = &element.node;
        else if (isIgnoringCase(parameter->name, "proto"))
            known = &element.protocol;
        else if (isIgnoringCase(parameter->name, "host"))
            known = &element.host;
        else
            continue;
        if (*known)
            return std::nullopt;
        *known = parameter;
    }
    return reader.isMalformed() ? std::nullopt : std::optional(element);
}

Result<Telling> readForwarded(const RequestHead &head, const ProxyTrust &trust)
{
    // Quotes can only be read from the left, so the last elements are kept while the fields are read through.
    std::array<QByteArrayView, maxHops> last;
    qsizetype count = 0;
    for (const base::HeaderSpan &header : head.headers) {
        if (!isIgnoringCase(header.name.in(head.bytes), "forwarded"))
            continue;
        ListReader reader(header.value.in(head.bytes));
        while (const std::optional<QByteArrayView> text = reader.next()) {
            if (!elementOf(*text))
                return invalid("malformed Forwarded");
            last[size_t(count++ % maxHops)] = *text;
        }
    }
    Telling telling;
    Walk walk(trust);
    std::optional<Parameter> host;
    for (qsizetype back = 1; back <= qMin(count, maxHops); ++back) {
        const Element element = *elementOf(last[size_t((count - back) % maxHops)]);
        if (element.protocol)
            telling.secure = isSecure(textOf(*element.protocol));
        if (element.host)
            host = element.host;
        if (!element.node || !walk.pass(nodeOf(textOf(*element.node))))
            break;
    }
    telling.client = walk.client();
    if (host) {
        telling.host = textOf(*host);
        if (telling.host.isEmpty() || !isHostOfClient(telling.host))
            return invalid("invalid host in Forwarded");
    }
    return telling;
}

bool contradict(const Telling &one, const Telling &other)
{
    const bool otherClient = one.client && other.client && one.client->address != other.client->address;
    const bool otherProtocol = one.secure && other.secure && *one.secure != *other.secure;
    const bool otherHost =
        !one.host.isEmpty() && !other.host.isEmpty() && one.host.compare(other.host, Qt::CaseInsensitive) != 0;
    return otherClient || otherProtocol || otherHost;
}

} // namespace

Result<ClientFacts> clientFacts(const RequestHead &head, const ProxyTrust &trust, ForwardedFamilies families)
{
    Telling forwarded;
    Telling xForwarded;
    if (families.testFlag(ForwardedFamily::Forwarded)) {
        Result<Telling> result = readForwarded(head, trust);
        if (!result)
            return result.error();
        forwarded = std::move(result).value();
    }
    if (families.testFlag(ForwardedFamily::XForwarded)) {
        Result<Telling> result = readXForwarded(head, trust);
        if (!result)
            return result.error();
        xForwarded = std::move(result).value();
    }
    if (contradict(forwarded, xForwarded))
        return invalid("conflicting Forwarded and X-Forwarded-*; let the proxy set the one and remove the other");

    // Where both are read and one alone names the client, the other is the client's own word.
    if (forwarded.client && !xForwarded.client)
        xForwarded = {};
    else if (xForwarded.client && !forwarded.client)
        forwarded = {};
    ClientFacts facts;
    std::optional<Node> client = forwarded.client ? forwarded.client : xForwarded.client;
    if (!client && families.testFlag(ForwardedFamily::XRealIp))
        client = nodeOf(lastMember(head, "x-real-ip"));
    if (client) {
        facts.address = client->address.toText();
        facts.port = client->port;
    }
    facts.secure = forwarded.secure ? forwarded.secure : xForwarded.secure;
    facts.host = forwarded.host.isEmpty() ? xForwarded.host : forwarded.host;
    facts.hostPort = xForwarded.hostPort;
    return facts;
}

} // namespace Quern::protocol::http
