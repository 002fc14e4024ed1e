// What the guide to custom processes shows, resources/docs/processes.md, compiled and run. It is written as an author
// writes it, with literals for QString.
#undef QT_NO_CAST_FROM_ASCII
#undef QT_NO_CAST_TO_ASCII

#include "guidesupport.h"

#include <Quern/handlerplugin.h>
#include <Quern/server.h>
#include <Quern/testharness.h>

#include <QTest>

#include <atomic>
#include <chrono>

using namespace std::chrono_literals;

namespace {

// clang-format off
/*
    [[process]]
    handler = "mailer"
    num = 2
    pipe = "stream"
    queue = { mode = "shared", capacity = 10000 }
    parameters = { relay = "smtp.example.org" }
*/

class Shop : public QObject, public Quern::HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)

public:
    void install(Quern::Application &app) override;
    void installMore(Quern::Application &app);
    int sent() const { return m_sent; }
    qsizetype prices() const { return m_prices.size(); }
    int sweeps() const { return m_sweeps; }

private:
    void run(Quern::Process &process)
    {
    while (!process.isStopRequested()) {
        if (const auto item = process.pop(1s))
            send(item->map());
    }
    }

    void send(const QVariantMap &mail) { m_sent += mail.value("to").toString().isEmpty() ? 0 : 1; }
    void sweep() { ++m_sweeps; }

    QMap<QString, int> m_prices = {{"tea", 250}};
    std::atomic<int> m_sent = 0;
    std::atomic<int> m_sweeps = 0;
};

    void Shop::install(Quern::Application &app)
    {
        app.process("mailer", [this](Quern::Process &process) { run(process); })
            .onReload([] { qInfo("a newer mailer takes over"); })
            .onStop([] { qInfo("the server stops"); });
    }

void Shop::installMore(Quern::Application &app)
{
    app.process("sweeper", [this](Quern::Process &process) {
    while (!process.waitForStop(10s))
        sweep();
    });

    app.get("/shout", [](const Quern::Request &, Quern::Response &response) {
        const Quern::ProcessHandle shouter = Quern::server().process("shouter");
        shouter.write("hello");
        shouter.read([later = response.defer()](const Quern::Result<QByteArray> &bytes) mutable {
            later.text(bytes ? QString::fromUtf8(*bytes) : bytes.error().message());
            later.end();
        });
    });

    app.process("shouter", [](Quern::Process &process) {
        while (!process.isStopRequested()) {
            if (const auto bytes = process.read(1s))
                process.write(bytes->toUpper());
        }
    });

    app.get("/mail/:address", [](const Quern::Request &request, Quern::Response &) {
        const QString address = request.param("address");
    Quern::server().process("mailer").push({{"to", address}});
    });

    app.onMessage([this](const Quern::ProcessMessage &message) {
        if (message.payload.value("do").toString() == "forget prices")
            m_prices.clear();
    });

    app.get("/forget", [](const Quern::Request &, Quern::Response &) {
    Quern::server().sendMessage(Quern::ProcessAddress::worker(), {{"do", "forget prices"}});
    Quern::server().sendMessage(Quern::ProcessAddress::process("mailer", 0), {{"pause", true}});
    });
}
// clang-format on

class WholeShop final : public Shop
{
    Q_OBJECT
public:
    void install(Quern::Application &app) override
    {
        Shop::install(app);
        installMore(app);
    }
};

} // namespace

class TestProcessesGuide : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everySnippetIsHere();
    void worksAsSaid();
};

void TestProcessesGuide::everySnippetIsHere()
{
    const QStringList snippets = Quern::guide::snippets(GUIDE);
    QCOMPARE(snippets.size(), 9);
    for (const QString &snippet : snippets)
        QCOMPARE(Quern::guide::missingOf(snippet, THIS_SOURCE), QString());
}

void TestProcessesGuide::worksAsSaid()
{
    WholeShop shop;
    // clang-format off
    Quern::TestHarness harness(shop);
    Quern::TestProcess mailer = harness.startProcess("mailer", {{"relay", "none"}});
    Quern::server().process("mailer").push({{"to", "ann"}});
    QTRY_COMPARE(shop.sent(), 1);
    QVERIFY(mailer.stop());
    QVERIFY2(mailer.problem().isNull(), qPrintable(mailer.problem()));
    // clang-format on
    QCOMPARE(harness.get("/mail/bob").status, 200);
    mailer = harness.startProcess("mailer");
    QTRY_COMPARE(shop.sent(), 2);

    Quern::TestProcess shouter = harness.startProcess("shouter");
    QCOMPARE(harness.get("/shout").body, QByteArray("HELLO"));
    Quern::TestProcess sweeper = harness.startProcess("sweeper");
    QVERIFY(sweeper.stop());
    QCOMPARE(shop.sweeps(), 0);
    QCOMPARE(harness.get("/forget").status, 200);
    QCOMPARE(harness.sentMessages().size(), 2);
    QCOMPARE(shop.prices(), 1); // there is no other worker
    // clang-format off
    Quern::server().sendMessage(Quern::ProcessAddress::worker(0), {{"do", "forget prices"}});
    QTRY_COMPARE(shop.prices(), 0);
    // clang-format on
}

QTEST_GUILESS_MAIN(TestProcessesGuide)
#include "tst_processesguide.moc"
