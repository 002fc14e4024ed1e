#include "fuzzsupport.h"

#include "protocol/http/authority.h"
#include "protocol/http/forwarded.h"
#include "protocol/http/requestdecoder.h"

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;
using Quern::fuzz::fail;

namespace {

const ProxyTrust &trust()
{
    static const ProxyTrust trust = *ProxyTrust::parse({u"10.0.0.0/8"_s, u"fd00::/8"_s});
    return trust;
}

void checkFacts(const Quern::Result<ClientFacts> &facts, QByteArrayView fields)
{
    if (!facts.ok())
        return;
    if (!facts->address.isEmpty()) {
        const auto address = IpAddress::parse(facts->address);
        if (!address || address->toText() != facts->address)
            fail("an address that is not normalised", fields, facts->address);
    }
    if (!isHostAndPort(facts->host))
        fail("a host that is none", fields, facts->host);
}

/// Whatever a client sends, what the nearest proxy adds at the right is what counts, or the request is refused.
void checkForgery(QByteArrayView fields)
{
    // What comes after has to be fields of their own in the same head.
    if (!fields.isEmpty() && (!fields.endsWith("\r\n") || fields.startsWith("\r\n") || fields.contains("\r\n\r\n")))
        return;
    const QByteArray stream = "GET / HTTP/1.1\r\nHost: h\r\n" + fields.toByteArray() +
                              "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto: http\r\n\r\n";
    RequestDecoder decoder({});
    if (decoder.feed(stream).state != RequestDecoder::State::Complete)
        return;
    const auto facts = clientFacts(decoder.head(), trust(), ForwardedFamily::XForwarded);
    if (facts.ok() && (facts->address != "203.0.113.1" || facts->secure != std::optional(false)))
        fail("a client forged its address", fields, facts->address);
}

void checkForwardedForgery(QByteArrayView value)
{
    const QByteArray stream =
        "GET / HTTP/1.1\r\nHost: h\r\nForwarded: " + value.toByteArray() + ", for=\"[2001:db8::1]\";proto=http\r\n\r\n";
    RequestDecoder decoder({});
    if (value.contains('\n') || decoder.feed(stream).state != RequestDecoder::State::Complete)
        return;
    const auto facts = clientFacts(decoder.head(), trust(), ForwardedFamily::Forwarded);
    if (facts.ok() && (facts->address != "2001:db8::1" || facts->secure != std::optional(false)))
        fail("a client forged its address", value, facts->address);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView fields(data, static_cast<qsizetype>(size));
    const QByteArray stream = "GET / HTTP/1.1\r\nHost: h\r\n" + fields.toByteArray() + "\r\n";
    RequestDecoder decoder({});
    if (decoder.feed(stream).state == RequestDecoder::State::Complete) {
        const ForwardedFamilies all =
            ForwardedFamily::XForwarded | ForwardedFamily::Forwarded | ForwardedFamily::XRealIp;
        checkFacts(clientFacts(decoder.head(), trust(), all), fields);
    }
    checkForgery(fields);
    checkForwardedForgery(fields);
    // Its errors are for people; here it must only stay within its bounds.
    static_cast<void>(ProxyTrust::parse({QString::fromUtf8(fields)}));
    return 0;
}
