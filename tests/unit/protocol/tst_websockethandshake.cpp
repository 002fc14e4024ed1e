#include "protocol/http/requestdecoder.h"
#include "protocol/websocket/handshake.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;
using namespace Quern::protocol::websocket;

namespace {

/// A head of \a lines as a client sends it.
QByteArray headOf(const QByteArrayList &lines)
{
    return lines.join("\r\n") + "\r\n\r\n";
}

/// What checkUpgrade() makes of \a request: "no upgrade", "400 reason" or "key=… protocols=a,b extensions=x;y=1".
QByteArray outcomeOf(const QByteArray &request)
{
    RequestDecoder decoder({});
    if (const auto step = decoder.feed(request); step.state != RequestDecoder::State::Complete)
        return "broken: the request is not complete";
    const UpgradeCheck check = checkUpgrade(decoder.head());
    if (std::holds_alternative<NotAnUpgrade>(check))
        return "no upgrade";
    if (const auto *refusal = std::get_if<Refusal>(&check))
        return QByteArray::number(refusal->status) + ' ' + refusal->reason;
    const auto &handshake = std::get<OpeningHandshake>(check);
    QByteArrayList protocols;
    for (const QByteArrayView protocol : handshake.subprotocols)
        protocols.append(protocol.toByteArray());
    QByteArrayList extensions;
    for (const ExtensionOffer &offer : handshake.extensions) {
        QByteArray extension = offer.name.toByteArray();
        for (const ExtensionParameter &parameter : offer.parameters) {
            extension += ';' + parameter.name.toByteArray();
            if (parameter.value)
                extension += '=' + *parameter.value;
        }
        extensions.append(extension);
    }
    return "key=" + handshake.key.toByteArray() + " protocols=" + protocols.join(',') +
           " extensions=" + extensions.join(',');
}

const QByteArray key = "dGhlIHNhbXBsZSBub25jZQ=="; // that of RFC 6455 §1.3

} // namespace

/// The opening handshake (RFC 6455 §4.2) and what is agreed on in it.
class WebSocketHandshakeTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void requests_data();
    void requests();
    void acceptsTheKey();
    void negotiation_data();
    void negotiation();
};

void WebSocketHandshakeTest::requests_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray requestLine = "GET /chat HTTP/1.1";
    const QByteArray host = "Host: a";
    const QByteArray upgrade = "Upgrade: websocket";
    const QByteArray connection = "Connection: Upgrade";
    const QByteArray keyLine = "Sec-WebSocket-Key: " + key;
    const QByteArray version = "Sec-WebSocket-Version: 13";
    const auto row = [](const char *name, const QByteArrayList &lines, const QByteArray &expected) {
        QTest::newRow(name) << headOf(lines) << expected;
    };
    const auto good = [&](const char *name, const QByteArrayList &more, const QByteArray &protocols,
                          const QByteArray &extensions) {
        row(name, QByteArrayList{requestLine, host, upgrade, connection, keyLine, version} + more,
            "key=" + key + " protocols=" + protocols + " extensions=" + extensions);
    };
    const auto refused = [&](const char *name, const QByteArrayList &more, const QByteArray &expected) {
        row(name, QByteArrayList{requestLine, host, upgrade, connection, keyLine, version} + more, expected);
    };
    const QByteArray plain = "key=" + key + " protocols= extensions=";

    good("handshake", {}, "", "");
    row("names and values in other cases",
        {requestLine, host, "UPGRADE: WebSocket", "CONNECTION: uPGRADE", "sec-websocket-key: " + key,
         "SEC-WEBSOCKET-VERSION: 13"},
        plain);
    row("Firefox: Connection is a list",
        {requestLine, host, upgrade, "Connection: keep-alive, Upgrade", keyLine, version}, plain);
    row("Connection in two fields",
        {requestLine, host, upgrade, "Connection: keep-alive", connection, keyLine, version}, plain);
    row("Upgrade is a list", {requestLine, host, "Upgrade: h2c , websocket", connection, keyLine, version}, plain);
    good("subprotocols", {"Sec-WebSocket-Protocol: chat, superchat ,v1.x+json"}, "chat,superchat,v1.x+json", "");
    good("subprotocols in several fields",
         {"Sec-WebSocket-Protocol: b", "Sec-WebSocket-Protocol: a,,c", "Sec-WebSocket-Protocol:"}, "b,a,c", "");
    good("subprotocols that differ in case", {"Sec-WebSocket-Protocol: chat, Chat"}, "chat,Chat", "");
    good("Chrome: extension", {"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, "",
         "permessage-deflate;client_max_window_bits");
    good("extensions with parameters", {"Sec-WebSocket-Extensions: a;b=1 ; c = \"2\",d,e;f=\"g\\h\""}, "",
         "a;b=1;c=2,d,e;f=gh");
    good("extensions in several fields", {"Sec-WebSocket-Extensions: a", "Sec-WebSocket-Extensions: b;c"}, "", "a,b;c");
    good("other fields of WebSockets", {"Sec-WebSocket-Accept: x", "Sec-WebSocket-Foo: x", "Origin: null"}, "", "");

    row("plain request", {requestLine, host}, "no upgrade");
    row("another protocol", {requestLine, host, "Upgrade: h2c", connection}, "no upgrade");
    row("another protocol that begins the same", {requestLine, host, "Upgrade: websocket2", connection}, "no upgrade");
    row("no Upgrade", {requestLine, host, connection, keyLine, version}, "no upgrade");
    row("no Connection", {requestLine, host, upgrade, keyLine, version}, "no upgrade");
    row("Connection without upgrade", {requestLine, host, upgrade, "Connection: keep-alive", keyLine, version},
        "no upgrade");
    row("Upgrade of a plain request is empty, as of a proxy", {requestLine, host, "Upgrade:", connection},
        "no upgrade");
    row("HTTP/1.0", {"GET / HTTP/1.0", host, upgrade, connection, keyLine, version}, "no upgrade");

    row("POST", {"POST / HTTP/1.1", host, upgrade, connection, keyLine, version},
        "400 WebSocket handshake with another method than GET");
    row("HEAD", {"HEAD / HTTP/1.1", host, upgrade, connection, keyLine, version},
        "400 WebSocket handshake with another method than GET");
    QTest::newRow("body") << headOf({requestLine, host, upgrade, connection, keyLine, version, "Content-Length: 1"}) +
                                 "x"
                          << "400 WebSocket handshake with a body"_ba;
    QTest::newRow("chunked body") << headOf({requestLine, host, upgrade, connection, keyLine, version,
                                             "Transfer-Encoding: chunked"}) +
                                         "0\r\n\r\n"
                                  << "400 WebSocket handshake with a body"_ba;
    good("body of no bytes", {"Content-Length: 0"}, "", "");
    row("no version", {requestLine, host, upgrade, connection, keyLine}, "426 Sec-WebSocket-Version other than 13");
    for (const char *other : {"8", "14", "013", "13, 8", "\"13\"", "13.0", ""})
        row(("version " + QByteArray(other)).constData(),
            {requestLine, host, upgrade, connection, keyLine, "Sec-WebSocket-Version: " + QByteArray(other)},
            "426 Sec-WebSocket-Version other than 13");
    refused("two versions", {version}, "400 more than one Sec-WebSocket-Version");
    row("no key", {requestLine, host, upgrade, connection, version}, "400 no Sec-WebSocket-Key");
    refused("two keys", {keyLine}, "400 more than one Sec-WebSocket-Key");
    for (const char *other :
         {"", "dGhlIHNhbXBsZSBub25jZQ",
          "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZXhh", "dGhlIHNhbXBsZSBub25j",
          "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", "dGhl IHNhbXBsZSBub25jZ=="})
        row(("key " + QByteArray(other)).constData(),
            {requestLine, host, upgrade, connection, version, "Sec-WebSocket-Key: " + QByteArray(other)},
            "400 Sec-WebSocket-Key is not base64 of 16 bytes");
    for (const char *list : {"a b", "a;b", "\"a\"", "a/b", "a, b, a"})
        refused(("subprotocols " + QByteArray(list)).constData(), {"Sec-WebSocket-Protocol: " + QByteArray(list)},
                "400 malformed Sec-WebSocket-Protocol");
    refused("subprotocol twice, in two fields", {"Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"},
            "400 malformed Sec-WebSocket-Protocol");
    for (const char *list : {"a b", "a;", "a;;b", "a;b=", "a;b=\"", "a;b=\"\"", "a;b=\"c d\"", "a;b=c d", "=", ";a",
                             "a/b", "a;b=c=d", "\"a\"", "a;\"b\"", "a;b=\"c\\", "ok, a;"})
        refused(("extensions " + QByteArray(list)).constData(), {"Sec-WebSocket-Extensions: " + QByteArray(list)},
                "400 malformed Sec-WebSocket-Extensions");
    refused("malformed extensions beside sound ones", {"Sec-WebSocket-Extensions: a;", "Sec-WebSocket-Extensions: b"},
            "400 malformed Sec-WebSocket-Extensions");
}

void WebSocketHandshakeTest::requests()
{
    QFETCH(const QByteArray, request);
    QFETCH(const QByteArray, expected);
    QCOMPARE(outcomeOf(request), expected);
}

void WebSocketHandshakeTest::acceptsTheKey()
{
    QCOMPARE(acceptKey(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455 §1.3
}

void WebSocketHandshakeTest::negotiation_data()
{
    QTest::addColumn<QByteArray>("offer");
    QTest::addColumn<QByteArray>("answer"); // without context takeover
    QTest::addColumn<QByteArray>("answerWithContext");
    const auto row = [](const char *name, const QByteArray &offer, const QByteArray &answer,
                        const QByteArray &withContext) { QTest::newRow(name) << offer << answer << withContext; };
    const auto declined = [&row](const char *name, const QByteArray &offer) { row(name, offer, "none", "none"); };
    const QByteArray deflate = "permessage-deflate";
    const QByteArray bare = deflate + "; server_no_context_takeover; client_no_context_takeover";

    row("bare", deflate, bare + " 15 15", deflate + " 15 15");
    row("in capitals", "PERMESSAGE-DEFLATE; Server_No_Context_Takeover", bare + " 15 15",
        deflate + "; server_no_context_takeover 15 15");
    row("Chrome", deflate + "; client_max_window_bits", bare + " 15 15", deflate + " 15 15");
    row("server_no_context_takeover", deflate + "; server_no_context_takeover", bare + " 15 15",
        deflate + "; server_no_context_takeover 15 15");
    row("client_no_context_takeover", deflate + "; client_no_context_takeover", bare + " 15 15",
        deflate + "; client_no_context_takeover 15 15");
    row("server_max_window_bits", deflate + "; server_max_window_bits=10", bare + "; server_max_window_bits=10 10 15",
        deflate + "; server_max_window_bits=10 10 15");
    row("server_max_window_bits in quotes", deflate + ";server_max_window_bits=\"15\"",
        bare + "; server_max_window_bits=15 15 15", deflate + "; server_max_window_bits=15 15 15");
    row("client_max_window_bits with a value", deflate + "; client_max_window_bits=8", bare + " 15 8",
        deflate + " 15 8");
    row("client_max_window_bits with a value in quotes", deflate + "; client_max_window_bits=\"1\\2\"", bare + " 15 12",
        deflate + " 15 12");
    row("everything",
        deflate + "; client_max_window_bits; server_max_window_bits=9; client_no_context_takeover; "
                  "server_no_context_takeover",
        bare + "; server_max_window_bits=9 9 15", bare + "; server_max_window_bits=9 9 15");
    row("after another extension", "x-webkit-deflate-frame, " + deflate, bare + " 15 15", deflate + " 15 15");
    row("first offer wins", deflate + "; server_max_window_bits=11, " + deflate,
        bare + "; server_max_window_bits=11 11 15", deflate + "; server_max_window_bits=11 11 15");
    row("second offer, as the first cannot be had", deflate + "; server_max_window_bits=8, " + deflate, bare + " 15 15",
        deflate + " 15 15");
    row("second offer, as the first is of the future", deflate + "; level=9, " + deflate + "; client_max_window_bits",
        bare + " 15 15", deflate + " 15 15");

    declined("nothing offered", "");
    declined("other extensions alone", "permessage-bzip2, permessage-deflate2");
    declined("unknown parameter", deflate + "; foo");
    declined("unknown parameter with a value", deflate + "; foo=1");
    declined("server_no_context_takeover with a value", deflate + "; server_no_context_takeover=1");
    declined("client_no_context_takeover with a value", deflate + "; client_no_context_takeover=true");
    declined("server_max_window_bits without a value", deflate + "; server_max_window_bits");
    declined("server_max_window_bits of 8, which zlib cannot", deflate + "; server_max_window_bits=8");
    for (const char *bits : {"0", "7", "16", "08", "1", "010", "15x", "100", "-9", "+9"}) {
        declined(("server_max_window_bits=" + QByteArray(bits)).constData(),
                 deflate + "; server_max_window_bits=" + bits);
        declined(("client_max_window_bits=" + QByteArray(bits)).constData(),
                 deflate + "; client_max_window_bits=" + bits);
    }
    declined("server_no_context_takeover twice", deflate + "; server_no_context_takeover; server_no_context_takeover");
    declined("client_no_context_takeover twice", deflate + "; client_no_context_takeover; client_no_context_takeover");
    declined("server_max_window_bits twice", deflate + "; server_max_window_bits=10; server_max_window_bits=10");
    declined("client_max_window_bits twice", deflate + "; client_max_window_bits; client_max_window_bits=10");
}

void WebSocketHandshakeTest::negotiation()
{
    QFETCH(const QByteArray, offer);
    QFETCH(const QByteArray, answer);
    QFETCH(const QByteArray, answerWithContext);
    const auto offers = parseExtensions(offer);
    QVERIFY(offers);
    for (const bool contextTakeover : {false, true}) {
        const auto agreement = negotiateDeflate(*offers, {.enabled = true, .contextTakeover = contextTakeover});
        QByteArray shown = "none";
        if (agreement) {
            shown = agreement->field + ' ' + QByteArray::number(agreement->serverWindowBits) + ' ' +
                    QByteArray::number(agreement->clientWindowBits);
            QCOMPARE(agreement->serverTakesOver, !agreement->field.contains("server_no_context_takeover"));
            QCOMPARE(agreement->clientTakesOver, !agreement->field.contains("client_no_context_takeover"));
        }
        QCOMPARE(shown, contextTakeover ? answerWithContext : answer);
    }
    QVERIFY(!negotiateDeflate(*offers, {.enabled = false}));
}

QTEST_APPLESS_MAIN(WebSocketHandshakeTest)
#include "tst_websockethandshake.moc"
