#include "welcomesupport.h"

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <stdexcept>

using namespace Quern;

/// What the welcome plugin answers at once or after a while.
class tst_Welcome : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_welcome.reset(); }
    void page();
    void pageEscapesWhatTheClientSent();
    void hello();
    void json();
    void echo();
    void echoWithoutType();
    void slow();
    void badDelay_data();
    void badDelay();
    void later();
    void laterStopsWhenCancelled();
    void crashIsSwitchedOff();
    void settings_data();
    void settings();
    void bytes_data();
    void bytes();
    void throws();

private:
    void run(const Call &call) { m_welcome->run(call); }

    std::unique_ptr<WelcomeServer> m_welcome;
    Client *m_client = nullptr;
};

void tst_Welcome::init()
{
    m_welcome = std::make_unique<WelcomeServer>();
    m_client = &m_welcome->client;
}

void tst_Welcome::page()
{
    run({.target = "/"});
    QCOMPARE(m_client->status, 200);
    QVERIFY(m_client->headers.contains("Content-Type: text/html; charset=utf-8\r\n"));
    QVERIFY(m_client->headers.contains("Cache-Control: no-store\r\n"));
    const QByteArray &body = m_client->body;
    QVERIFY(body.size() < 12 * 1024);
    QVERIFY(!body.contains("{{"));
    QVERIFY2(body.contains("<li hidden><a href=\"\">"), "a link to a chat that is not loaded");
    for (const char *fact : {"GET /", "HTTP/1.1", "192.0.2.7:40312", "2-4711", "reactor 2", "worker 1", "12 µs",
                             "34 µs", "after 46 µs", "<dd>3</dd>"})
        QVERIFY2(body.contains(fact), fact);
    QVERIFY(body.contains(QByteArray::number(QCoreApplication::applicationPid())));
    for (const char *external : {"src=", "@import", "url(", "https://"})
        QVERIFY2(!body.contains(external), external);
}

void tst_Welcome::pageEscapesWhatTheClientSent()
{
    run({.target = "/?x=<script>alert(1)</script>&{{pid}}"});
    QVERIFY(!m_client->body.contains("<script>alert"));
    QVERIFY(m_client->body.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;{{pid}}"));
}

void tst_Welcome::hello()
{
    run({.target = "/hello/J%C3%BCrgen"});
    QCOMPARE(m_client->headers, QByteArrayLiteral("Content-Type: application/json\r\n"));
    QCOMPARE(m_client->body, QByteArrayLiteral("{\"hello\":\"J\xc3\xbcrgen\"}"));
}

void tst_Welcome::json()
{
    run({.target = "/json"});
    const QJsonObject facts = QJsonDocument::fromJson(m_client->body).object();
    QCOMPARE(facts.value(u"request").toString(), u"2-4711");
    QCOMPARE(facts.value(u"worker").toInt(), 1);
    QCOMPARE(facts.value(u"reactor").toInt(), 2);
    QCOMPARE(facts.value(u"generation").toInt(), 3);
    QCOMPARE(facts.value(u"inMasterMicroseconds").toInt(), 12);
    QCOMPARE(facts.value(u"toWorkerMicroseconds").toInt(), 34);
    QCOMPARE(facts.value(u"client").toString(), QStringLiteral("192.0.2.7:40312"));
}

void tst_Welcome::echo()
{
    const QByteArray sent("a\0b", 3);
    run({"POST", "/echo", "application/x-thing; v=1", sent});
    QCOMPARE(m_client->status, 200);
    QCOMPARE(m_client->headers, QByteArrayLiteral("Content-Type: application/x-thing; v=1\r\n"));
    QCOMPARE(m_client->body, sent);
}

void tst_Welcome::echoWithoutType()
{
    run({"POST", "/echo"});
    QCOMPARE(m_client->headers, QByteArray());
    QCOMPARE(m_client->body, QByteArray());
}

void tst_Welcome::slow()
{
    QElapsedTimer elapsed;
    elapsed.start();
    run({"POST", "/slow?ms=30"});
    QVERIFY(elapsed.elapsed() >= 30);
    QCOMPARE(m_client->status, 200);
    QCOMPARE(m_client->body, QByteArrayLiteral("Blocked for 30 ms in worker 1.\n"));
}

void tst_Welcome::badDelay_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::newRow("slow, word") << QByteArrayLiteral("/slow?ms=soon");
    QTest::newRow("slow, empty") << QByteArrayLiteral("/slow?ms=");
    QTest::newRow("slow, negative") << QByteArrayLiteral("/slow?ms=-1");
    QTest::newRow("slow, fraction") << QByteArrayLiteral("/slow?ms=1.5");
    QTest::newRow("slow, too long") << QByteArrayLiteral("/slow?ms=30001");
    QTest::newRow("later, too long") << QByteArrayLiteral("/later?ms=30001");
    QTest::newRow("later, word") << QByteArrayLiteral("/later?ms=soon");
}

void tst_Welcome::badDelay()
{
    QFETCH(QByteArray, target);
    run({.target = target});
    QCOMPARE(m_client->status, 400);
    QVERIFY(m_client->body.contains("?ms=1000"));
}

void tst_Welcome::later()
{
    QElapsedTimer elapsed;
    elapsed.start();
    run({.target = "/later?ms=80"});
    QCOMPARE(m_client->status, 0);
    QTRY_COMPARE(m_client->status, 200);
    QVERIFY(elapsed.elapsed() >= 80);
    QCOMPARE(m_client->body, QByteArrayLiteral("Waited for 80 ms in worker 1.\n"));
}

void tst_Welcome::laterStopsWhenCancelled()
{
    run({.target = "/later?ms=30000"});
    m_welcome->response().cancel();
    QTRY_VERIFY(m_client->dropped);
    QCOMPARE(m_client->status, 0);
}

void tst_Welcome::crashIsSwitchedOff()
{
    run({.target = "/crash"});
    QCOMPARE(m_client->status, 403);
    QVERIFY(m_client->body.contains("allow_crash = true"));
    for (const RouteSpec &route : m_welcome->plugins().routes())
        QCOMPARE(route.retry, route.pattern != "/crash");
}

void tst_Welcome::settings_data()
{
    QTest::addColumn<QVariantMap>("settings");
    QTest::addColumn<QString>("mend");

    const QString key = QStringLiteral("allow_crash");
    QTest::newRow("none") << QVariantMap() << QString();
    QTest::newRow("allowed") << QVariantMap{{key, true}} << QString();
    QTest::newRow("misspelt") << QVariantMap{{QStringLiteral("allow_crashes"), true}}
                              << u"allow_crash is the only one"_qs;
    QTest::newRow("text") << QVariantMap{{key, QStringLiteral("true")}} << u"write allow_crash = true"_qs;
    QTest::newRow("number") << QVariantMap{{key, 1}} << u"write allow_crash = true"_qs;
}

void tst_Welcome::settings()
{
    QFETCH(const QVariantMap, settings);
    QFETCH(const QString, mend);
    m_welcome.reset(); // it has the one instance of the plugin
    Quern::worker::PluginLoader loader(0);
    const auto loaded = loader.load({{QStringLiteral(WELCOME_PLUGIN), settings}});
    QCOMPARE(loaded.ok(), mend.isEmpty());
    if (!loaded.ok())
        QVERIFY2(loaded.error().message().contains(mend), qPrintable(loaded.error().message()));
}

void tst_Welcome::bytes_data()
{
    QTest::addColumn<QByteArray>("count");
    QTest::addColumn<int>("status");
    QTest::newRow("none") << QByteArrayLiteral("0") << 200;
    QTest::newRow("some") << QByteArrayLiteral("1000") << 200;
    QTest::newRow("most") << QByteArrayLiteral("67108864") << 200;
    QTest::newRow("one too many") << QByteArrayLiteral("67108865") << 400;
    QTest::newRow("negative") << QByteArrayLiteral("-1") << 400;
    QTest::newRow("word") << QByteArrayLiteral("many") << 400;
    QTest::newRow("beyond 64 bit") << QByteArrayLiteral("99999999999999999999") << 400;
}

void tst_Welcome::bytes()
{
    QFETCH(QByteArray, count);
    QFETCH(int, status);
    run({.target = "/bytes/" + count});
    QCOMPARE(m_client->status, status);
    if (status != 200)
        return;
    QCOMPARE(m_client->body.size(), count.toLongLong());
    const char *first = m_client->body.constData();
    run({.target = "/bytes/" + count});
    QCOMPARE(m_client->body.constData(), first);
}

void tst_Welcome::throws()
{
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, run({.target = "/throw"}));
}

QTEST_GUILESS_MAIN(tst_Welcome)
#include "tst_welcome.moc"
