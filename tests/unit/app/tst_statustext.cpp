#include "app/server/terminal.h"

#include <QTest>

using namespace Quern;

class TestStatusText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tellsAll();
    void fitsOneScreen();
    void unusualWorkersAreShown();
    void whatTakesLongIsShown_data();
    void whatTakesLongIsShown();
    void poolsAreShown();
    void fullestTablesAreShown();
    void channelsAreShown();
};

namespace {

admin::Status sample(int workers)
{
    admin::Status status;
    status.pid = 100;
    status.version = QStringLiteral("1.2.3");
    status.sentence = QStringLiteral("All is well.");
    status.uptime = std::chrono::minutes(61);
    status.generation = 4;
    status.configFile = QStringLiteral("/srv/quern.toml");
    status.listeners = {QStringLiteral("127.0.0.1:5200"), QStringLiteral("unix:/run/app.sock")};
    status.plugins = {{QStringLiteral("shop"), QStringLiteral("0.9")}};
    status.reactors = {{0, 64, 1, 500}};
    status.rates = {{std::chrono::seconds(10), 1234, 2.5, 0}, {std::chrono::seconds(60), 99.9, 1, 0.5}};
    for (int id = 0; id < workers; ++id) {
        admin::WorkerStatus worker;
        worker.id = id;
        worker.pid = 200 + id;
        worker.state = admin::WorkerStatus::State::Ready;
        status.workers.append(worker);
    }
    return status;
}

} // namespace

void TestStatusText::tellsAll()
{
    const QString text = app::terminal::statusText(sample(2));
    for (const char *part : {"All is well.", "Quern 1.2.3, pid 100, up 1 h 1 min, generation 4", "/srv/quern.toml",
                             "shop 0.9", "127.0.0.1:5200, unix:/run/app.sock",
                             "Over the last 10 s: 1234 requests/s, 2.5 new connections/s, 0.0 errors/s",
                             "Over the last 1 min 0 s: 99.9 requests/s", "200", "201", "Reactor 0: 64 connections"})
        QVERIFY2(text.contains(QLatin1StringView(part)), part);
    admin::Status status = sample(2);
    QVERIFY(!text.contains(u"watched"));
    status.watching = true;
    QVERIFY(app::terminal::statusText(status).contains(u"\nFiles are watched: a change of them reloads the server\n"));
    status.polling = true;
    QVERIFY(app::terminal::statusText(status).contains(
        u"\nFiles are watched, some by looking at them again and again: a change of them reloads the server\n"));
    QVERIFY(!text.contains(u"reload failed"));
    status.reloadFailure = QStringLiteral("quern.toml:7: \x1b[2J");
    QVERIFY(app::terminal::statusText(status).contains(u"\nThe last reload failed: quern.toml:7: \\x1b[2J\n"));
}

void TestStatusText::fitsOneScreen()
{
    for (const int workers : {1, 10, 11, 1000}) {
        admin::Status status = sample(workers);
        for (int id = 1; id < 64; ++id)
            status.reactors.append({id, 1, 0, 1});
        const QString text = app::terminal::statusText(status);
        QVERIFY2(text.contains(u"64 reactors: 127 connections"), qPrintable(text));
        QVERIFY2(text.count(u'\n') + 1 <= 24, qPrintable(text));
    }
    QVERIFY(app::terminal::statusText(sample(1000)).contains(u"and 990 more"));
}

void TestStatusText::unusualWorkersAreShown()
{
    admin::Status status = sample(1000);
    status.workers[700].state = admin::WorkerStatus::State::Waiting;
    status.workers[700].lastExit = QStringLiteral("signal 11");
    const QString text = app::terminal::statusText(status);
    QVERIFY2(text.contains(u"signal 11") && text.contains(u"and 990 more"), qPrintable(text));
}

void TestStatusText::whatTakesLongIsShown_data()
{
    QTest::addColumn<qint64>("ms");
    QTest::addColumn<QString>("work");
    QTest::addColumn<QString>("end");
    const auto row = [](const char *name, qint64 ms, const char *work, const char *end) {
        QTest::newRow(name) << ms << QString::fromLatin1(work) << QString::fromLatin1(end);
    };
    row("nothing", 0, "", " 1  signal 9");
    row("a second", 1000, "GET /slow", " 1  signal 9");
    row("longer", 1001, "GET /slow", " 0  signal 9; oldest for 1 s; runs GET /slow");
    row("of no route", 125'000, "", " 0  signal 9; oldest for 2 min 5 s");
    row("a name that would steer the terminal", 2000, "GET /\x1b[2J",
        " 0  signal 9; oldest for 2 s; runs GET /\\x1b[2J");
}

void TestStatusText::whatTakesLongIsShown()
{
    QFETCH(const qint64, ms);
    QFETCH(const QString, work);
    QFETCH(const QString, end);
    admin::Status status = sample(1000);
    admin::WorkerStatus &worker = status.workers[700];
    worker.lastExit = QStringLiteral("signal 9");
    worker.oldest = std::chrono::milliseconds(ms);
    worker.work = work;
    worker.restarts = ms > 1000 ? 0 : 1; // what takes long is reason enough to be among those shown
    const QStringList lines = app::terminal::statusText(status).split(u'\n').filter(QStringLiteral("signal 9"));
    QCOMPARE(lines.size(), 1);
    QVERIFY2(lines.constFirst().endsWith(end), qPrintable(lines.constFirst()));
}

void TestStatusText::poolsAreShown()
{
    using Pool = admin::PoolStatus;
    admin::Status status = sample(2);
    status.pools = {{QStringLiteral("workers"), Pool::State::Ok, 2, 2, 2, 2, {}}};
    QVERIFY(!app::terminal::statusText(status).contains(u"workers"));
    status.pools = {
        {QStringLiteral("workers"), Pool::State::Degraded, 1, 2, 2, 8, QStringLiteral("worker 1 is starting")},
        {QStringLiteral("timer"), Pool::State::Failed, 0, 1, 1, 1, QStringLiteral("timer is FATAL")}};
    const QString text = app::terminal::statusText(status);
    QVERIFY2(text.contains(u"\nDegraded: workers, 1 of 2 ready: worker 1 is starting\n"
                           "There are 2 workers, between 2 and 8 as they are needed\n"
                           "FAILED: timer, 0 of 1 ready: timer is FATAL\n"),
             qPrintable(text));
    for (int i = 0; i < 40; ++i)
        status.pools.append(status.pools.at(1));
    QVERIFY(app::terminal::statusText(status).contains(u"And 39 more; --json shows them all"));
}

void TestStatusText::fullestTablesAreShown()
{
    admin::Status status = sample(1);
    status.tables = {{QStringLiteral("prices"), 12, 1000, 98304, 200000}};
    QVERIFY(app::terminal::statusText(status).contains(u"\nTable prices: 12 of 1000 rows (1.2 %), 96.0 KiB\n"));
    for (int i = 0; i < 10; ++i)
        status.tables.append({QStringLiteral("other %1").arg(i), i, 10, 4096, 4096});
    const QString text = app::terminal::statusText(status);
    QVERIFY2(text.contains(u"Table other 9: 9 of 10 rows (90.0 %), 4.0 KiB\nTable other 8: 8 of 10"), qPrintable(text));
    QVERIFY2(text.contains(u"Table other 7: 7 of 10 rows (70.0 %), 4.0 KiB, and 8 tables more"), qPrintable(text));
    QVERIFY(!text.contains(u"prices"));
}

void TestStatusText::channelsAreShown()
{
    admin::Status status = sample(1);
    const auto textOf = [](const admin::Status &one) { return app::terminal::statusText(one); };
    QVERIFY(!textOf(status).contains(u"Messages"));
    status.channels = {{QStringLiteral("mailer"), 3, 1000, 0, 0, 0, 0},
                       {QStringLiteral("shouter"), 0, 0, 40, 2048, 1 << 20, 60}};
    status.totals.messages = 7;
    status.totals.messagesRefused = 1;
    QVERIFY(textOf(status).contains(u"\nProcess mailer: 3 of 1000 items in its queue\n"));
    QVERIFY(textOf(status).contains(u"\nProcess shouter: 40 bytes to it and 2.0 KiB from it in its pipe, of 1.0 MiB; "
                                    "60 bytes that it printed are lost\n"));
    QVERIFY(textOf(status).contains(u"\nMessages between processes 7, refused 1"));
    for (int i = 0; i < 10; ++i)
        status.channels.append({QStringLiteral("other %1").arg(i), i, 10, 0, 0, 0, 0});
    QVERIFY(textOf(status).contains(u"Process other 7: 7 of 10 items in its queue, and 9 processes more"));
}

QTEST_APPLESS_MAIN(TestStatusText)
#include "tst_statustext.moc"
