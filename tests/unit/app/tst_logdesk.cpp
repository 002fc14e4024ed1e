#include "app/server/logdesk.h"

#include "admin/protocol/logmessages.h"
#include "admin/protocol/methods.h"
#include "admin/server/controlserver.h"
#include "app/server/clients.h"
#include "base/log.h"

#include <QLocalSocket>
#include <QLoggingCategory>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <thread>
#include <vector>

using namespace Quern;
using app::LogDesk;
using base::LogHistory;
using base::LogLevel;

namespace {

Q_LOGGING_CATEGORY(logShop, "shop")

constexpr int patience = 20000;

} // namespace

/// A desk with its server, and clients on real sockets; all in one thread.
class TestLogDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void read();
    void followGivesTheLastAndThenTheNew();
    void slowFollowerIsBounded();
    void linesOfManyThreadsArriveInOrder();
    void aFollowerThatHasGoneIsForgotten();
    void setLevel();
    void refused_data();
    void refused();

private:
    void connectClient();
    /// The reply to a request.
    admin::Reply ask(QLatin1StringView method, const QJsonObject &params);
    /// The next message of the server.
    QJsonObject receive();
    admin::LogPage nextPage();
    static QString textOf(const admin::LogPage &page);
    void follow(int lines, LogLevel level = LogLevel::Debug);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<admin::ControlServer> m_server;
    std::unique_ptr<app::Clients> m_clients;
    std::unique_ptr<LogDesk> m_desk;
    std::unique_ptr<QLocalSocket> m_client;
    admin::LineDecoder m_decoder;
};

void TestLogDesk::initTestCase()
{
    m_folder = std::make_unique<QTemporaryDir>();
    base::LogTarget target;
    target.file = m_folder->filePath(QStringLiteral("quern.log"));
    target.role = QStringLiteral("master");
    QVERIFY(base::startLog(target));
}

void TestLogDesk::init()
{
    base::setLogLevels({});
    m_server = std::make_unique<admin::ControlServer>();
    m_clients = std::make_unique<app::Clients>();
    m_clients->add(m_server.get());
    m_desk = std::make_unique<LogDesk>(m_clients.get());
    connect(m_clients.get(), &app::Clients::requestReceived, m_desk.get(),
            [this](const admin::Caller &caller, const admin::Request &request) {
                m_clients->sendReply(caller.client, {request.id, m_desk->answer(caller.client, request)});
            });
    connect(m_clients.get(), &app::Clients::clientGone, m_desk.get(), &LogDesk::forget);
    QVERIFY(m_server->listen(m_folder->filePath(QStringLiteral("control.sock"))));
    connectClient();
}

void TestLogDesk::cleanup()
{
    m_client.reset();
    m_desk.reset();
    m_clients.reset();
    m_server.reset();
}

void TestLogDesk::connectClient()
{
    m_client = std::make_unique<QLocalSocket>();
    m_decoder = admin::LineDecoder();
    m_client->connectToServer(m_folder->filePath(QStringLiteral("control.sock")));
    QVERIFY(m_client->waitForConnected(patience));
}

admin::Reply TestLogDesk::ask(QLatin1StringView method, const QJsonObject &params)
{
    admin::Request request;
    request.method = method;
    request.params = params;
    m_client->write(admin::encodeLine(request.toJson()));
    const Result<admin::Reply> reply = admin::Reply::fromJson(receive());
    return reply ? *reply : admin::Reply{0, reply.error()};
}

QJsonObject TestLogDesk::receive()
{
    std::optional<QByteArray> line;
    const bool came = QTest::qWaitFor(
        [this, &line] {
            m_decoder.append(m_client->readAll());
            const Result<std::optional<QByteArray>> next = m_decoder.next();
            if (next)
                line = *next;
            return line.has_value();
        },
        patience);
    const Result<QJsonObject> json = admin::decodeLine(line.value_or("{}"));
    return came && json ? *json : QJsonObject();
}

admin::LogPage TestLogDesk::nextPage()
{
    const Result<admin::Event> event = admin::Event::fromJson(receive());
    if (!event || event->name != admin::Events::log)
        return {};
    const Result<admin::LogPage> page = admin::LogPage::fromJson(event->data);
    return page ? *page : admin::LogPage();
}

QString TestLogDesk::textOf(const admin::LogPage &page)
{
    QStringList texts;
    for (const admin::LogLine &line : page.lines)
        texts.append(line.message);
    return texts.join(u'|');
}

void TestLogDesk::follow(int lines, LogLevel level)
{
    const admin::Reply reply = ask(admin::Methods::logFollow, admin::LogQuery{lines, level, {}, 0}.toJson());
    QVERIFY(reply.outcome);
}

void TestLogDesk::read()
{
    qCWarning(logShop, "one");
    qCInfo(logShop, "two");
    qCCritical(logShop, "three");
    const admin::Reply reply = ask(admin::Methods::logRead, admin::LogQuery{2, LogLevel::Warning, {}, 0}.toJson());
    QVERIFY(reply.outcome);
    const Result<admin::LogPage> page = admin::LogPage::fromJson(*reply.outcome);
    QVERIFY(page);
    QCOMPARE(textOf(*page), QStringLiteral("one|three"));
    QCOMPARE(page->lines.first().category, QStringLiteral("shop"));
    QCOMPARE(page->lines.first().pid, QCoreApplication::applicationPid());
}

void TestLogDesk::followGivesTheLastAndThenTheNew()
{
    qInfo("one");
    qInfo("two");
    follow(1);
    QCOMPARE(textOf(nextPage()), QStringLiteral("two"));
    qWarning("three");
    QCOMPARE(textOf(nextPage()), QStringLiteral("three"));
    base::logChildLine(QStringLiteral("worker 3"), 77,
                       "<3>shop\x1f"
                       "four");
    const admin::LogPage page = nextPage();
    QCOMPARE(textOf(page), QStringLiteral("four"));
    QCOMPARE(page.lines.first().role, QStringLiteral("worker 3"));
    QCOMPARE(page.lines.first().pid, 77);
}

void TestLogDesk::slowFollowerIsBounded()
{
    follow(0);
    // Far more than the kernel, the server and the history together hold.
    const QByteArray text(4000, 'x');
    const int count = 20'000;
    for (int i = 0; i < count; ++i) {
        qInfo("%d %s", i, text.constData());
        if (i % 100 == 0)
            QCoreApplication::sendPostedEvents(m_desk.get());
    }
    qint64 seen = 0;
    qint64 dropped = 0;
    int last = -1;
    while (last < count - 1) {
        const admin::LogPage page = nextPage();
        QVERIFY(!page.lines.isEmpty());
        dropped += page.dropped;
        seen += page.lines.size();
        QVERIFY(page.lines.first().message.section(u' ', 0, 0).toInt() > last);
        last = page.lines.last().message.section(u' ', 0, 0).toInt();
    }
    QVERIFY2(dropped > count / 2, qPrintable(QString::number(dropped)));
    QCOMPARE(seen + dropped, count);
    QCOMPARE(m_client->state(), QLocalSocket::ConnectedState);
}

void TestLogDesk::linesOfManyThreadsArriveInOrder()
{
    follow(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([i] {
            for (int line = 0; line < 400; ++line)
                qInfo("%d %d", i, line);
        });
    }
    int next[4] = {};
    int count = 0;
    while (count < 1600) {
        const admin::LogPage page = nextPage();
        QVERIFY(!page.lines.isEmpty());
        QCOMPARE(page.dropped, 0);
        for (const admin::LogLine &line : page.lines)
            QCOMPARE(line.message.section(u' ', 1).toInt(), next[line.message.section(u' ', 0, 0).toInt()]++);
        count += int(page.lines.size());
    }
    for (std::thread &thread : threads)
        thread.join();
}

void TestLogDesk::aFollowerThatHasGoneIsForgotten()
{
    follow(0);
    QSignalSpy gone(m_server.get(), &admin::ControlServer::clientGone);
    m_client->abort();
    QTRY_COMPARE_WITH_TIMEOUT(gone.size(), 1, patience);
    qInfo("nobody listens");
    QSignalSpy taken(m_server.get(), &admin::ControlServer::outputTaken);
    connectClient();
    follow(1);
    QCOMPARE(textOf(nextPage()), QStringLiteral("nobody listens"));
    QCOMPARE(taken.size(), 1);
}

void TestLogDesk::setLevel()
{
    QSignalSpy changed(m_desk.get(), &LogDesk::levelsChanged);
    QVERIFY(!logShop().isDebugEnabled());
    const admin::Reply reply =
        ask(admin::Methods::logSetLevel, admin::LogLevelChange{QStringLiteral("error,shop=debug")}.toJson());
    QVERIFY(reply.outcome);
    const Result<admin::LogLevelsInForce> present = admin::LogLevelsInForce::fromJson(*reply.outcome);
    QVERIFY(present);
    QVERIFY((*present == admin::LogLevelsInForce{LogLevel::Error, {QStringLiteral("shop=debug")}}));
    QCOMPARE(changed.size(), 1);
    QVERIFY(logShop().isDebugEnabled());
    QCOMPARE(base::logLevels().text(), QStringLiteral("error,shop=debug"));
}

void TestLogDesk::refused_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QJsonObject>("params");
    QTest::addColumn<QString>("message");
    const auto row = [](QLatin1StringView method, const QJsonObject &params, const char *message) {
        QTest::newRow(message) << QString(method) << params << QString::fromLatin1(message);
    };
    row(admin::Methods::logSetLevel, admin::LogLevelChange{QStringLiteral("loud")}.toJson(),
        "\"loud\" is no level; write debug, info, warning or error");
    row(admin::Methods::logSetLevel, {}, "levels: is missing");
    row(admin::Methods::logFollow, {{QStringLiteral("lines"), true}},
        "lines: must be an integer from 0 to 2147483647, not true");
    row(admin::Methods::logRead, {{QStringLiteral("level"), 1}},
        "level: must be one of \"debug\", \"info\", \"warning\", \"error\", not 1");
    row(QLatin1StringView("log.burn"), {}, "there is no method log.burn");
}

void TestLogDesk::refused()
{
    QFETCH(const QString, method);
    QFETCH(const QJsonObject, params);
    QFETCH(const QString, message);
    const QByteArray name = method.toLatin1();
    const admin::Reply reply = ask(QLatin1StringView(name), params);
    QVERIFY(!reply.outcome);
    QCOMPARE(reply.outcome.error().message(), message);
    QCOMPARE(base::logLevels().text(), QStringLiteral("info"));
}

QTEST_GUILESS_MAIN(TestLogDesk)
#include "tst_logdesk.moc"
