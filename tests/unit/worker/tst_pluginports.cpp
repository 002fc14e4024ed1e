#include "worker/pluginports.h"

#include <QTest>

using namespace Quern;
using Port = ipc::BootMessage::Port;

Q_DECLARE_METATYPE(Port)

namespace {

/// What plugins have registered: one handler of each sort.
void install(Application &app)
{
    app.socket("lines").onReceive([](const Connection &, QByteArrayView) {});
    app.socket("greeter").onConnect([](const Connection &) {});
    app.socket("packets").onPacket([](const Datagram &) {});
    app.socket("deaf").onClose([](const Connection &, const CloseReason &) {});
    app.port("ops", [](RouteGroup &ops) { ops.get("/", [](const Request &, Response &) {}); });
    app.port("live", [](RouteGroup &live) { live.webSocket("/"); });
}

} // namespace

class TestPluginPorts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void served_data();
    void served();
    void refused_data();
    void refused();
    void everyPortIsTold();
};

void TestPluginPorts::served_data()
{
    QTest::addColumn<Port>("port");
    const auto row = [](Port::Kind kind, const char *handler) {
        QTest::newRow(handler) << Port{
            .name = QStringLiteral("x"), .kind = kind, .handler = QString::fromUtf8(handler)};
    };
    row(Port::Kind::Http, "");
    row(Port::Kind::Http, "ops");
    row(Port::Kind::Http, "live");
    row(Port::Kind::Stream, "lines");
    row(Port::Kind::Stream, "greeter");
    row(Port::Kind::Datagram, "packets");
}

void TestPluginPorts::served()
{
    QFETCH(Port, port);
    ApplicationPrivate data;
    Application app(&data);
    install(app);
    QVERIFY(worker::assignPorts(data, {{.name = QStringLiteral("main")}, port}));
    QCOMPARE(data.ports.size(), std::size_t(2));
    QCOMPARE(data.ports[1].name, port.name);
    QCOMPARE(data.ports[1].service, port.handler.toUtf8());
}

void TestPluginPorts::refused_data()
{
    QTest::addColumn<Port::Kind>("kind");
    QTest::addColumn<QString>("handler");
    QTest::addColumn<QString>("problem");
    const auto row = [](const char *name, Port::Kind kind, const char *handler, const char *problem) {
        QTest::newRow(name) << kind << QString::fromUtf8(handler) << QString::fromUtf8(problem);
    };
    row("stream of nobody", Port::Kind::Stream, "telnet",
        "no plugin registers the handler \"telnet\": call app.socket(\"telnet\") in install(), or remove the entry");
    row("datagrams of nobody", Port::Kind::Datagram, "telnet", "no plugin registers the handler \"telnet\"");
    row("routes of nobody", Port::Kind::Http, "telnet",
        "no plugin registers routes for the handler \"telnet\": call app.port(\"telnet\", …) in install()");
    row("stream with routes", Port::Kind::Stream, "ops",
        "its handler \"ops\" has routes, and this port does not speak HTTP: call app.socket(\"ops\")");
    row("datagrams with routes", Port::Kind::Datagram, "live", "has routes, and this port does not speak HTTP");
    row("HTTP with a socket handler", Port::Kind::Http, "lines",
        "its handler \"lines\" serves stream and datagram ports, and this one speaks HTTP: register routes with "
        "app.port(\"lines\", …)");
    row("datagrams with a stream handler", Port::Kind::Datagram, "lines", "takes no datagrams: give it onPacket()");
    row("stream with a datagram handler", Port::Kind::Stream, "packets", "takes no connections: give it onReceive()");
    row("stream that only closes", Port::Kind::Stream, "deaf", "takes no connections");
    row("stream without a handler", Port::Kind::Stream, "", "it has no handler: name one with the key \"handler\"");
}

void TestPluginPorts::refused()
{
    QFETCH(Port::Kind, kind);
    QFETCH(QString, handler);
    QFETCH(QString, problem);
    ApplicationPrivate data;
    Application app(&data);
    install(app);
    const Result<void> result = worker::assignPorts(data, {{.name = QStringLiteral("telnet"),
                                                            .kind = kind,
                                                            .handler = handler,
                                                            .place = QStringLiteral("quern.toml:30")}});
    QVERIFY(!result);
    QCOMPARE(result.error().code(), Error::Invalid);
    const QString text = result.error().message();
    QVERIFY2(text.startsWith(QStringLiteral("quern.toml:30: socket \"telnet\": ")) && text.contains(problem),
             qPrintable(text));
}

void TestPluginPorts::everyPortIsTold()
{
    ApplicationPrivate data;
    Port port{.name = QStringLiteral("a"), .kind = Port::Kind::Stream, .handler = QStringLiteral("none")};
    Port second = port;
    second.address = QStringLiteral("[::1]:9"); // of the same entry
    Port other = port;
    other.name = QStringLiteral("b");
    const Result<void> result = worker::assignPorts(data, {port, second, other});
    QVERIFY(!result);
    const QStringList lines = result.error().message().split(u'\n');
    QCOMPARE(lines.size(), 2);
    QVERIFY(lines[0].startsWith(QStringLiteral("socket \"a\": ")));
    QVERIFY(lines[1].startsWith(QStringLiteral("socket \"b\": ")));
}

QTEST_GUILESS_MAIN(TestPluginPorts)
#include "tst_pluginports.moc"
