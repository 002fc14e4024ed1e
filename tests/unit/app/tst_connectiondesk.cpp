#include "app/server/connectiondesk.h"

#include "admin/protocol/methods.h"

#include <QTest>

#include <memory>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
namespace Methods = admin::Methods;

/// What the desk tells of a table of connections, and what it asks the reactors for.
class TestConnectionDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void list();
    void chosen_data();
    void chosen();
    void pages();
    void listeners();
    void closeAndPush();
    void theServerStopsMeanwhile();
    void refused_data();
    void refused();

private:
    struct Asked
    {
        quint64 id = 0;
        int code = 0; ///< 0: a push
        QString text;
        app::ConnectionDesk::Answer answer;
    };

    Result<QJsonObject> ask(QLatin1StringView method, const QByteArray &params = "{}");
    QStringList idsOf(const QByteArray &params);
    void add(int reactor, quint32 slot, ipc::ConnectionKind kind, quint8 port, const QByteArray &address,
             const QByteArray &user);

    std::optional<ipc::ConnectionTable> m_table;
    QList<Asked> m_asked;
    QList<admin::Reply> m_sent;
    std::unique_ptr<app::ConnectionDesk> m_desk;
};

namespace {

constexpr quint32 epoch = 1;

QString idOf(int reactor, quint32 slot)
{
    return QString::number(ipc::ConnectionKey{epoch, reactor, slot, 1}.id());
}

} // namespace

void TestConnectionDesk::add(int reactor, quint32 slot, ipc::ConnectionKind kind, quint8 port,
                             const QByteArray &address, const QByteArray &user)
{
    ipc::ConnectionRecord record;
    record.id = ipc::ConnectionKey{epoch, reactor, slot, 1}.id();
    record.openedMs = 1'769'860'800'000;
    record.lastReceivedMs = record.openedMs + 250;
    record.bytesReceived = 10;
    record.bytesSent = 20;
    record.pendingBytes = 30;
    record.remotePort = 40'000;
    record.port = port;
    record.kind = kind;
    record.remoteAddress = address;
    record.user = user;
    std::atomic<quint32> &used = m_table->usedSlots(reactor);
    used.store(qMax(used.load(), slot + 1));
    ipc::ConnectionWriter(m_table->reactorSlots(reactor)[slot]).publish(record);
}

void TestConnectionDesk::init()
{
    using Speaks = ipc::ConnectionKind;
    Result<ipc::ConnectionTable> table = ipc::ConnectionTable::create(2, epoch);
    QVERIFY(table);
    m_table.emplace(std::move(*table));
    add(0, 0, Speaks::WebSocket, 0, "10.0.0.1", "ada");
    add(0, 3, Speaks::Stream, 2, "10.0.1.1", "");
    add(1, 1, Speaks::WebSocket, 1, "192.0.2.1", "\xff");
    m_asked.clear();
    m_sent.clear();
    app::ConnectionDesk::Reactors reactors;
    reactors.listeners = [] {
        using Kind = admin::ListenerDescription::Kind;
        const auto listener = [](const QString &name, const QString &address, Kind kind) {
            admin::ListenerDescription made;
            made.name = name;
            made.address = address;
            made.kind = kind;
            return made;
        };
        return QList{listener(u"main"_s, u"http://127.0.0.1:1/"_s, Kind::Http),
                     listener(u"main"_s, u"http://127.0.0.1:2/"_s, Kind::Http),
                     listener(u"telnet"_s, u"tcp 127.0.0.1:3"_s, Kind::Stream)};
    };
    reactors.close = [this](quint64 id, int code, const QString &reason, app::ConnectionDesk::Answer answer) {
        m_asked.append({id, code, reason, std::move(answer)});
    };
    reactors.push = [this](quint64 id, const QString &text, app::ConnectionDesk::Answer answer) {
        m_asked.append({id, 0, text, std::move(answer)});
    };
    m_desk = std::make_unique<app::ConnectionDesk>(*m_table, std::move(reactors),
                                                   [this](quint64 client, const admin::Reply &reply) {
                                                       QCOMPARE(client, quint64(5));
                                                       m_sent.append(reply);
                                                   });
}

Result<QJsonObject> TestConnectionDesk::ask(QLatin1StringView method, const QByteArray &params)
{
    m_sent.clear();
    admin::Request request;
    request.id = 9;
    request.method = method;
    request.params = *admin::decodeLine(params);
    m_desk->handle(5, request);
    if (m_sent.size() != 1 || m_sent.first().id != 9)
        return Error(Error::Internal, u"not one reply"_s);
    return m_sent.first().outcome;
}

QStringList TestConnectionDesk::idsOf(const QByteArray &params)
{
    const Result<QJsonObject> reply = ask(Methods::connectionList, params);
    if (!reply)
        return {reply.error().message()};
    const auto page = admin::ConnectionPage::fromJson(*reply);
    QStringList ids;
    for (const admin::ConnectionDescription &connection : page->connections)
        ids.append(connection.id);
    return ids;
}

void TestConnectionDesk::list()
{
    const auto page = admin::ConnectionPage::fromJson(*ask(Methods::connectionList));
    QVERIFY(page);
    QVERIFY(page->next.isEmpty());
    QCOMPARE(page->connections.size(), 3);
    admin::ConnectionDescription expected;
    expected.id = idOf(0, 3);
    expected.kind = admin::ConnectionDescription::Kind::Stream;
    expected.port = u"telnet"_s;
    expected.remoteAddress = u"10.0.1.1"_s;
    expected.remotePort = 40'000;
    expected.openedAt = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);
    expected.lastReceivedAt = expected.openedAt.addMSecs(250);
    expected.bytesReceived = 10;
    expected.bytesSent = 20;
    expected.pendingBytes = 30;
    QCOMPARE(page->connections[1], expected);
    QCOMPARE(page->connections[2].user.bytes, "\xff");
}

void TestConnectionDesk::chosen_data()
{
    QTest::addColumn<QStringList>("ids");
    QTest::newRow("{\"port\":\"main\"}") << QStringList{idOf(0, 0), idOf(1, 1)};
    QTest::newRow("{\"port\":\"telnet\"}") << QStringList{idOf(0, 3)};
    QTest::newRow("{\"user\":\"ada\"}") << QStringList{idOf(0, 0)};
    QTest::newRow("{\"user\":\"ad\"}") << QStringList{};
    QTest::newRow("{\"address\":\"10.0.\"}") << QStringList{idOf(0, 0), idOf(0, 3)};
    QTest::newRow("{\"kind\":\"websocket\"}") << QStringList{idOf(0, 0), idOf(1, 1)};
    QTest::newRow("{\"kind\":\"stream\"}") << QStringList{idOf(0, 3)};
    QTest::newRow("{\"kind\":\"websocket\",\"address\":\"192\",\"port\":\"main\"}") << QStringList{idOf(1, 1)};
    QTest::newRow("{\"kind\":\"stream\",\"port\":\"main\"}") << QStringList{};
}

void TestConnectionDesk::chosen()
{
    QFETCH(const QStringList, ids);
    QCOMPARE(idsOf(QTest::currentDataTag()), ids);
}

void TestConnectionDesk::pages()
{
    QStringList ids;
    QString after;
    int rounds = 0;
    do {
        const auto page = admin::ConnectionPage::fromJson(
            *ask(Methods::connectionList, "{\"limit\":1,\"after\":\"" + after.toLatin1() + "\"}"));
        QVERIFY(page->connections.size() <= 1);
        for (const admin::ConnectionDescription &connection : page->connections)
            ids.append(connection.id);
        after = page->next;
        // That it was there does not matter for the next page.
        if (ids.size() == 1)
            ipc::ConnectionWriter(m_table->reactorSlots(0)[0]).withdraw();
    } while (!after.isEmpty() && ++rounds < 10);
    QCOMPARE(ids, QStringList({idOf(0, 0), idOf(0, 3), idOf(1, 1)}));
}

void TestConnectionDesk::listeners()
{
    const auto list = admin::ListenerList::fromJson(*ask(Methods::listenerList));
    QCOMPARE(list->listeners.size(), 3);
    QCOMPARE(list->listeners[2].address, u"tcp 127.0.0.1:3"_s);
}

void TestConnectionDesk::closeAndPush()
{
    QCOMPARE(ask(Methods::connectionClose, "{\"id\":\"4711\"}").error().code(), Error::Internal); // not answered yet
    QCOMPARE(m_asked.size(), 1);
    QCOMPARE(m_asked[0].id, quint64(4711));
    QCOMPARE(m_asked[0].code, 1001);
    m_asked[0].answer({});
    QCOMPARE(m_sent.size(), 1);
    QCOMPARE(m_sent[0].id, 9);
    QCOMPARE(*m_sent[0].outcome, QJsonObject());

    std::ignore = ask(Methods::connectionPush, "{\"id\":\"4711\",\"text\":\"hi\"}");
    QCOMPARE(m_asked.size(), 2);
    QCOMPARE(m_asked[1].text, u"hi"_s);
    m_asked[1].answer(Error(Error::NotFound, u"gone"_s));
    m_asked[1].answer({}); // once too often
    QCOMPARE(m_sent.size(), 1);
    QCOMPARE(m_sent[0].outcome.error().code(), Error::NotFound);
}

void TestConnectionDesk::theServerStopsMeanwhile()
{
    std::ignore = ask(Methods::connectionClose, "{\"id\":\"4711\"}");
    m_desk.reset();
    QCOMPARE(m_sent.size(), 1);
    QCOMPARE(m_sent[0].outcome.error().code(), Error::Unavailable);
    m_asked[0].answer({});
    QCOMPARE(m_sent.size(), 1);
}

void TestConnectionDesk::refused_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("params");
    QTest::addColumn<int>("code");
    const auto row = [](QLatin1StringView method, const char *params, Error::Code code, const char *message) {
        QTest::newRow(message) << QByteArray(method.data(), method.size()) << QByteArray(params) << int(code);
    };
    row("connection.dance"_L1, "{}", Error::NotFound, "there is no method connection.dance");
    row("listener.dance"_L1, "{}", Error::NotFound, "there is no method listener.dance");
    row(Methods::connectionList, "{\"limit\":0}", Error::Protocol, "limit: must be an integer from 1 to 1000, not 0");
    row(Methods::connectionList, "{\"port\":\"x\"}", Error::NotFound, "there is no port \"x\"; there is: main, telnet");
    for (const char *after : {"x", "0", "-1", "01", "18446744073709551616"})
        row(Methods::connectionList, qPrintable(u"{\"after\":\"%1\"}"_s.arg(QLatin1StringView(after))), Error::Invalid,
            qPrintable(u"\"%1\" is no place among the connections: give what the page before gave as next, or nothing "
                       "for the first page"_s.arg(QLatin1StringView(after))));
    row(Methods::connectionClose, "{}", Error::Protocol, "id: is missing");
    row(Methods::connectionClose, "{\"id\":\"x\"}", Error::Invalid,
        "a connection id is a positive number in decimal digits");
    row(Methods::connectionPush, "{\"id\":\"7\"}", Error::Protocol, "text: is missing");
}

void TestConnectionDesk::refused()
{
    QFETCH(const QByteArray, method);
    QFETCH(const QByteArray, params);
    QFETCH(const int, code);
    const Result<QJsonObject> outcome = ask(QLatin1StringView(method), params);
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().message(), QString::fromLatin1(QTest::currentDataTag()));
    QCOMPARE(int(outcome.error().code()), code);
    QVERIFY(m_asked.isEmpty());
}

QTEST_GUILESS_MAIN(TestConnectionDesk)
#include "tst_connectiondesk.moc"
