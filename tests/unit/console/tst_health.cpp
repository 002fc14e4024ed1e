#include "admin-gui/store/health.h"

#include <QTest>

using namespace Quern;
using namespace Quern::console;

using Phase = LinkState::Phase;
using State = admin::Status::State;

/// The colour that an operator sees first.
class tst_health : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ofTheConnection_data();
    void ofTheConnection();
    void ofTheServer_data();
    void ofTheServer();
};

namespace {

admin::Status statusOf(State state)
{
    admin::Status status;
    status.state = state;
    return status;
}

} // namespace

void tst_health::ofTheConnection_data()
{
    QTest::addColumn<Phase>("phase");
    QTest::addColumn<QString>("reason");
    QTest::addColumn<Tone>("tone");
    QTest::newRow("no server") << Phase::Idle << QString() << Tone::Faint;
    QTest::newRow("the first try") << Phase::Connecting << QString() << Tone::Busy;
    QTest::newRow("a further try") << Phase::Connecting << QStringLiteral("no server runs there") << Tone::Bad;
    QTest::newRow("silence") << Phase::Silent << QString() << Tone::Bad;
    QTest::newRow("lost") << Phase::Waiting << QString() << Tone::Bad;
    QTest::newRow("refused") << Phase::Refused << QString() << Tone::Bad;
    QTest::newRow("connected") << Phase::Connected << QString() << Tone::Good;
}

void tst_health::ofTheConnection()
{
    QFETCH(Phase, phase);
    QFETCH(QString, reason);
    // It was well when it was seen last.
    const admin::Status status = statusOf(State::Running);
    LinkState link;
    link.phase = phase;
    link.reason = reason;
    QTEST(healthTone(link, &status), "tone");
}

void tst_health::ofTheServer_data()
{
    QTest::addColumn<admin::Status>("status");
    QTest::addColumn<Tone>("tone");
    QTest::newRow("starts") << statusOf(State::Starting) << Tone::Busy;
    QTest::newRow("reloads") << statusOf(State::Reloading) << Tone::Busy;
    QTest::newRow("stops") << statusOf(State::Stopping) << Tone::Warning;
    QTest::newRow("degraded") << statusOf(State::Degraded) << Tone::Bad;
    admin::Status status = statusOf(State::Running);
    QTest::newRow("well") << status << Tone::Good;
    status.rates = {{std::chrono::seconds(10), 100, 1, 0}, {std::chrono::seconds(60), 100, 1, 0}};
    QTest::newRow("well, and busy") << status << Tone::Good;
    status.rates[1].errors = 0.02;
    QTest::newRow("requests have failed") << status << Tone::Warning;
    status.rates.clear();
    status.reloadFailure = QStringLiteral("libshop.so cannot be loaded");
    QTest::newRow("a reload has failed") << status << Tone::Warning;
    status.reloadFailure.clear();
    status.draining = true;
    QTest::newRow("drains") << status << Tone::Warning;
}

void tst_health::ofTheServer()
{
    QFETCH(admin::Status, status);
    LinkState link;
    link.phase = Phase::Connected;
    QCOMPARE(healthTone(link, nullptr), Tone::Busy);
    QTEST(healthTone(link, &status), "tone");
}

QTEST_GUILESS_MAIN(tst_health)
#include "tst_health.moc"
