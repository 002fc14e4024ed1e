#include "app/server/poolhealth.h"

#include <QTest>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
using admin::PoolStatus;
using app::poolHealth;
using ipc::ChildRole;
using process::ChildReport;
using State = ChildReport::State;

class tst_PoolHealth : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_server = {};
        m_server.workerNum = 2;
    }
    void allIsWell();
    void someEndAsSoonAsTheyStart();
    void oneIsTooLarge();
    void nobodyWorks();
    void oneIsStarting();
    void manyTroubles();
    void thoseThatComeAndGoAreNotMissed();
    void boundsOfASizeThatVaries();

private:
    static ChildReport child(ChildRole role, int number, State state = State::Ready, const QString &lastExit = {})
    {
        ChildReport report;
        report.who = {role, number, role == ChildRole::Process ? u"mailer"_s : QString()};
        report.serves = true;
        report.state = state;
        report.lastExit = lastExit;
        return report;
    }
    QList<PoolStatus> health(const QList<ChildReport> &children) const { return poolHealth(children, m_server); }

    config::ServerSettings m_server;
};

void tst_PoolHealth::allIsWell()
{
    m_server.taskWorkerNum = 1;
    const QList<PoolStatus> found =
        health({child(ChildRole::Worker, 0), child(ChildRole::Worker, 1), child(ChildRole::TaskWorker, 0),
                child(ChildRole::Process, 0), child(ChildRole::Process, 1), child(ChildRole::Timer, 0)});
    QCOMPARE(found, (QList<PoolStatus>{{u"workers"_s, PoolStatus::State::Ok, 2, 2, 2, 2, {}},
                                       {u"task workers"_s, PoolStatus::State::Ok, 1, 1, 1, 1, {}},
                                       {u"process mailer"_s, PoolStatus::State::Ok, 2, 2, 2, 2, {}},
                                       {u"timer"_s, PoolStatus::State::Ok, 1, 1, 1, 1, {}}}));
}

void tst_PoolHealth::someEndAsSoonAsTheyStart()
{
    QList<ChildReport> children = {child(ChildRole::Worker, 0),
                                   child(ChildRole::Worker, 1, State::Waiting, u"signal 11"_s)};
    children[1].isBreakerOpen = true;
    const PoolStatus found = health(children).constFirst();
    QCOMPARE(found.state, PoolStatus::State::Degraded);
    QCOMPARE(found.ready, 1);
    QCOMPARE(found.reason, u"worker 1 ends as soon as it starts (signal 11)"_s);
}

void tst_PoolHealth::oneIsTooLarge()
{
    QList<ChildReport> children = {child(ChildRole::Worker, 0),
                                   child(ChildRole::Worker, 1, State::Ready, u"replaced: it uses 80 MiB"_s)};
    children[1].isTooLarge = true;
    const PoolStatus found = health(children).constFirst();
    QCOMPARE(found.state, PoolStatus::State::Degraded);
    QCOMPARE(found.ready, 2);
    QCOMPARE(found.reason, u"worker 1 is beyond its memory limit as soon as it begins (replaced: it uses 80 MiB)"_s);
}

void tst_PoolHealth::nobodyWorks()
{
    QList<ChildReport> children = {child(ChildRole::Worker, 0),
                                   child(ChildRole::Process, 0, State::Fatal, u"exit code 2"_s)};
    const QList<PoolStatus> found = health(children);
    QCOMPARE(found.at(0).state, PoolStatus::State::Ok);
    QCOMPARE(found.at(1).state, PoolStatus::State::Failed);
    QCOMPARE(found.at(1).reason, u"process mailer 0 is FATAL (exit code 2)"_s);
    // All rest, for now.
    children[0].state = State::Waiting;
    children[0].isBreakerOpen = true;
    QCOMPARE(health(children).constFirst().state, PoolStatus::State::Failed);
    // One that works again is no failure, though it has to prove itself.
    children[0].state = State::Ready;
    QCOMPARE(health(children).constFirst().state, PoolStatus::State::Degraded);
}

void tst_PoolHealth::oneIsStarting()
{
    const PoolStatus found = health({child(ChildRole::Worker, 0, State::Starting, u"signal 9"_s)}).constFirst();
    QCOMPARE(found.state, PoolStatus::State::Degraded);
    QCOMPARE(found.reason, u"worker 0 is starting (signal 9)"_s);
}

void tst_PoolHealth::manyTroubles()
{
    QList<ChildReport> children;
    for (int i = 0; i < 9; ++i)
        children.append(child(ChildRole::Worker, i, State::Waiting));
    const PoolStatus found = health(children).constFirst();
    QCOMPARE(found.ready, 0);
    QVERIFY2(found.reason.endsWith(u"worker 2 waits for its next start; and 6 more"), qPrintable(found.reason));
}

void tst_PoolHealth::thoseThatComeAndGoAreNotMissed()
{
    QList<ChildReport> children = {child(ChildRole::Worker, 0), child(ChildRole::Worker, 0, State::Starting),
                                   child(ChildRole::Worker, 0, State::Draining), child(ChildRole::Worker, 1)};
    children[1].isSuccessor = true;
    children[2].serves = children[3].serves = false;
    QCOMPARE(health(children), (QList<PoolStatus>{{u"workers"_s, PoolStatus::State::Ok, 1, 1, 1, 1, {}}}));
}

void tst_PoolHealth::boundsOfASizeThatVaries()
{
    m_server.workerNum = 1;
    m_server.workerMaxNum = 8;
    const PoolStatus found = health({child(ChildRole::Worker, 0), child(ChildRole::Worker, 1)}).constFirst();
    QCOMPARE(found.size, 2);
    QCOMPARE(found.least, 1);
    QCOMPARE(found.most, 8);
}

QTEST_APPLESS_MAIN(tst_PoolHealth)
#include "tst_poolhealth.moc"
