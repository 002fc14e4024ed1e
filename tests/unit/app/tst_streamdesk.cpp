#include "app/server/streamdesk.h"

#include "admin/protocol/methods.h"
#include "app/server/clients.h"

#include <QDeadlineTimer>
#include <QTest>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

namespace {

/// Keeps what is sent; clients take it when the test says so.
class Ways final : public admin::Transport
{
public:
    void sendReply(quint64, const admin::Reply &) override {}
    void sendEvent(quint64 client, const admin::Event &event) override { sent[client].append(event); }
    void sendPaced(quint64 client, const admin::Event &event) override { sent[client].append(event); }
    void close(std::chrono::milliseconds) override {}

    QHash<quint64, QList<admin::Event>> sent;
};

constexpr quint64 one = 1;
constexpr quint64 other = 2;

} // namespace

/// What followers get, and what they do not while they have not taken the last.
class TestStreamDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void nothingUnasked();
    void theOldestProcessesAreForgotten();
    void ofAnOperationTheLastWordIsEnough();
    void statusWaitsForWhoIsBusy();
    void theEndBringsWhatWaits();
    void intervals();

private:
    void subscribe(quint64 client, bool status, bool operations, bool processes)
    {
        QVERIFY(m_desk->subscribe(
            client, admin::Subscription{status, std::chrono::milliseconds(200), operations, processes}.toJson()));
    }
    void change(int pid) const
    {
        admin::ProcessEvent event;
        event.at = QDateTime::currentDateTimeUtc();
        event.process = u"worker 0"_s;
        event.pid = pid;
        m_desk->processChanged(event);
    }
    void step(qint64 operation, const QString &text) const
    {
        admin::Operation changed;
        changed.id = operation;
        changed.steps.append({QDateTime::currentDateTimeUtc(), text});
        m_desk->operationChanged(changed);
    }
    /// What \a client has got, and takes.
    QList<admin::Event> take(quint64 client)
    {
        QCoreApplication::processEvents();
        const QList<admin::Event> events = m_ways->sent.take(client);
        Q_EMIT m_ways->outputTaken(client);
        QCoreApplication::processEvents();
        return events;
    }
    static QList<int> pids(const QList<admin::Event> &events)
    {
        QList<int> found;
        for (const admin::Event &event : events)
            found.append(event.data.value("pid"_L1).toInt());
        return found;
    }

    std::unique_ptr<Ways> m_ways;
    std::unique_ptr<app::Clients> m_clients;
    std::unique_ptr<app::StreamDesk> m_desk;
    int m_looks = 0;
};

void TestStreamDesk::init()
{
    m_looks = 0;
    m_ways = std::make_unique<Ways>();
    m_clients = std::make_unique<app::Clients>();
    m_clients->add(m_ways.get());
    m_desk = std::make_unique<app::StreamDesk>(m_clients.get(), [this] { return QJsonObject{{u"pid"_s, ++m_looks}}; });
    for (const quint64 client : {one, other})
        Q_EMIT m_ways->requestReceived({client, admin::Role::Viewer, u"somebody"_s}, {1, u"server.subscribe"_s, {}});
}

void TestStreamDesk::cleanup()
{
    m_desk.reset();
    m_clients.reset();
    m_ways.reset();
}

void TestStreamDesk::nothingUnasked()
{
    subscribe(one, false, true, false);
    subscribe(other, false, false, true);
    change(5);
    step(7, u"begun"_s);
    QCOMPARE(take(one).value(0).name, QString(admin::Events::operation));
    QCOMPARE(pids(take(other)), QList<int>{5});
    m_desk->forget(one);
    subscribe(other, false, false, false);
    change(6);
    step(7, u"goes on"_s);
    QVERIFY(take(one).isEmpty() && take(other).isEmpty());
}

void TestStreamDesk::theOldestProcessesAreForgotten()
{
    constexpr int most = app::StreamDesk::MostWaiting;
    subscribe(one, false, false, true);
    subscribe(other, false, false, true);
    for (int i = 0; i <= most + 50; ++i) {
        change(i);
        if (i == 0)
            QCOMPARE(pids(take(other)), QList<int>{0});
    }
    QCOMPARE(pids(take(one)), QList<int>{0}); // it is busy with the first one from then on
    QList<int> expected;
    for (int i = 51; i <= most + 50; ++i)
        expected.append(i);
    QCOMPARE(expected.size(), most);
    QCOMPARE(pids(take(one)), expected);
    QVERIFY(take(one).isEmpty());
}

void TestStreamDesk::ofAnOperationTheLastWordIsEnough()
{
    subscribe(one, false, true, false);
    step(1, u"a"_s);
    step(1, u"b"_s);
    step(2, u"c"_s);
    step(1, u"d"_s);
    QCOMPARE(take(one).size(), 1);
    const QList<admin::Event> events = take(one);
    QCOMPARE(events.size(), 2);
    QCOMPARE(events.at(0).data["id"_L1].toInt(), 2);
    QVERIFY(QString::fromUtf8(admin::encodeLine(events.at(1).data)).contains(u"\"d\""_s));
}

void TestStreamDesk::statusWaitsForWhoIsBusy()
{
    subscribe(one, true, false, false);
    subscribe(other, true, false, false);
    QDeadlineTimer deadline(20'000);
    int taken = 0;
    while (taken < 3 && !deadline.hasExpired()) {
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 1000);
        taken += int(take(other).size());
    }
    QCOMPARE(taken, 3);
    QCOMPARE(take(one).size(), 1);
}

void TestStreamDesk::theEndBringsWhatWaits()
{
    subscribe(one, false, false, true);
    change(1);
    change(2);
    m_desk.reset();
    QCOMPARE(pids(take(one)), (QList<int>{1, 2}));
}

void TestStreamDesk::intervals()
{
    for (const int interval : {199, 60'001}) {
        const admin::Subscription wants{true, std::chrono::milliseconds(interval), false, false};
        QCOMPARE(m_desk->subscribe(one, wants.toJson()).error().code(), Error::Invalid);
    }
}

QTEST_GUILESS_MAIN(TestStreamDesk)
#include "tst_streamdesk.moc"
