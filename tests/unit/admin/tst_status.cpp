#include "admin/protocol/message.h"
#include "admin/protocol/status.h"

#include <QJsonArray>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;

class tst_Status : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden();
    void stateNames();
    void unknownMembersAreIgnored();
    void everyMemberIsRequired();
    void anOlderServerTellsLess();
    void malformed_data();
    void malformed();
};

namespace {

Status sample()
{
    Status status;
    status.pid = 100;
    status.version = QStringLiteral("0.1.0");
    status.state = Status::State::Degraded;
    status.sentence = QStringLiteral("worker 1 died 3 times in 10 s");
    status.draining = true;
    status.watching = true;
    status.polling = true;
    status.reloadFailure = QStringLiteral("quern.toml:7: unknown key");
    status.startedAt = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);
    status.uptime = std::chrono::milliseconds(90'500);
    status.generation = 2;
    status.configFile = QStringLiteral("/srv/quern.toml");
    status.listeners = {QStringLiteral("127.0.0.1:5200"), QStringLiteral("unix:/run/app.sock")};
    status.api = {QStringLiteral("http://127.0.0.1:5201/api/v1")};
    status.plugins = {{QStringLiteral("welcome"), QStringLiteral("0.1.0")}};
    status.reactors = {{0, 64, 1, 5'000'000'000}, {1, 63, 0, 7}};
    status.workers = {{0,
                       QStringLiteral("worker 0"),
                       101,
                       2,
                       WorkerStatus::State::Ready,
                       3,
                       900,
                       0,
                       18'874'368,
                       -4096.5,
                       12.5,
                       {},
                       std::chrono::milliseconds(1200),
                       QStringLiteral("GET /slow")},
                      {1, QStringLiteral("worker 1"), 0, 2, WorkerStatus::State::Waiting, 0, 0, 3, 0, 0, 0,
                       QStringLiteral("signal 6")}};
    status.processes = {{0, QStringLiteral("timer"), 102, 2, WorkerStatus::State::Fatal, 0, 0, 5, 0, 0, 0,
                         QStringLiteral("exit code 1")}};
    status.workers[1].lastReason = QStringLiteral("crashed");
    status.workers[0].replacements = 7;
    status.pools = {{QStringLiteral("workers"), PoolStatus::State::Failed, 1, 2, 2, 8,
                     QStringLiteral("worker 1 waits for its next start (signal 6)")}};
    CronJobStatus job;
    job.name = QStringLiteral("clean");
    job.schedule = QStringLiteral("0 3 * * *");
    job.next = status.startedAt;
    job.durationUs = 40;
    job.runs = 3;
    job.failures = 2;
    job.skipped = 1;
    job.paused = true;
    status.cron = {job};
    status.channels = {{QStringLiteral("mailer"), 3, 1000, 40, 50, 1 << 20, 60}};
    status.tables = {{QStringLiteral("prices"), 12, 1000, 98'304, 200'000}};
    status.totals = {130, 1000, 5, 4, 3, 2, 1, 70, 8, 9, 11, 12};
    status.tasks.delivered = 40;
    status.tasks.refused = 5;
    status.tasks.done = 30;
    status.tasks.failed = 4;
    status.tasks.retried = 3;
    status.tasks.buried = 2;
    status.tasks.stores = {{QStringLiteral("memory"), 6, 7, 8, 9}, {QStringLiteral("database"), 1, 0, 0, 2}};
    status.tasks.failure = QStringLiteral("no room");
    status.rates = {{std::chrono::milliseconds(10'200), 100.5, 2, 0}};
    return status;
}

const QByteArray goldenSample =
    "{\"api\":[\"http://127.0.0.1:5201/api/"
    "v1\"],\"channels\":[{\"inputBytes\":40,\"outputBytes\":50,\"pipeCapacity\":1048576,\"printedLost\":60,"
    "\"process\":\"mailer\",\"queueCapacity\":1000,\"queueItems\":3}],"
    "\"configFile\":\"/srv/quern.toml\","
    "\"cron\":[{\"durationUs\":40,\"error\":\"\",\"failures\":2,\"last\":null,\"name\":\"clean\","
    "\"next\":\"2026-01-31T12:00:00.000Z\",\"paused\":true,\"running\":0,\"runs\":3,"
    "\"schedule\":\"0 3 * * *\",\"skipped\":1,\"stopped\":false}],\"draining\":true,\"generation\":2,"
    "\"listeners\":[\"127.0.0.1:5200\",\"unix:/run/app.sock\"],\"pid\":100,"
    "\"plugins\":[{\"name\":\"welcome\",\"version\":\"0.1.0\"}],"
    "\"polling\":true,"
    "\"pools\":[{\"least\":2,\"most\":8,\"name\":\"workers\",\"ready\":1,"
    "\"reason\":\"worker 1 waits for its next start (signal 6)\",\"size\":2,\"state\":\"failed\"}],"
    "\"processes\":[{\"cpuPercent\":0,\"generation\":2,\"id\":0,\"inFlight\":0,\"lastExit\":\"exit code "
    "1\",\"lastReason\":\"\","
    "\"name\":\"timer\",\"oldestMs\":0,\"pid\":102,\"replacements\":0,\"requests\":0,\"restarts\":5,\"rssBytes\":0,"
    "\"rssPerMinute\":0,"
    "\"state\":\"fatal\",\"work\":\"\"}],"
    "\"rates\":[{\"connections\":2,\"errors\":0,\"requests\":100.5,\"windowMs\":10200}],"
    "\"reactors\":[{\"connections\":64,\"id\":0,\"queued\":1,\"requests\":5000000000},"
    "{\"connections\":63,\"id\":1,\"queued\":0,\"requests\":7}],"
    "\"reloadFailure\":\"quern.toml:7: unknown key\","
    "\"sentence\":\"worker 1 died 3 times in 10 s\","
    "\"startedAt\":\"2026-01-31T12:00:00.000Z\",\"state\":\"degraded\","
    "\"tables\":[{\"memory\":98304,\"memoryLimit\":200000,\"name\":\"prices\",\"rows\":12,"
    "\"size\":1000}],"
    "\"tasks\":{\"buried\":2,\"delivered\":40,\"done\":30,\"failed\":4,\"failure\":\"no room\","
    "\"refused\":5,\"retried\":3,\"stores\":["
    "{\"dead\":9,\"delayed\":7,\"name\":\"memory\",\"queued\":6,\"running\":8},"
    "{\"dead\":2,\"delayed\":0,\"name\":\"database\",\"queued\":1,\"running\":0}]},"
    "\"totals\":{\"connections\":130,\"events\":70,\"eventsLost\":9,\"eventsMoved\":8,"
    "\"failed\":2,\"messages\":11,\"messagesRefused\":12,\"redispatched\":4,\"refused\":5,"
    "\"requests\":1000,\"retried\":3,\"timedOut\":1},"
    "\"uptimeMs\":90500,\"version\":\"0.1.0\",\"watching\":true,"
    "\"workers\":[{\"cpuPercent\":12.5,\"generation\":2,\"id\":0,\"inFlight\":3,\"lastExit\":\"\",\"lastReason\":\"\","
    "\"name\":\"worker 0\",\"oldestMs\":1200,\"pid\":101,"
    "\"replacements\":7,\"requests\":900,\"restarts\":0,\"rssBytes\":18874368,\"rssPerMinute\":-4096.5,\"state\":"
    "\"ready\","
    "\"work\":\"GET /slow\"},"
    "{\"cpuPercent\":0,\"generation\":2,\"id\":1,\"inFlight\":0,\"lastExit\":\"signal 6\",\"lastReason\":\"crashed\","
    "\"name\":\"worker 1\",\"oldestMs\":0,"
    "\"pid\":0,\"replacements\":0,\"requests\":0,\"restarts\":3,\"rssBytes\":0,\"rssPerMinute\":0,\"state\":"
    "\"waiting\",\"work\":\"\"}]}"
    "\n";

} // namespace

void tst_Status::golden()
{
    QCOMPARE(encodeLine(sample().toJson()), goldenSample);
    const Result<Status> read = Status::fromJson(*decodeLine(goldenSample));
    QVERIFY2(read.ok(), read ? "" : qPrintable(read.error().message()));
    QVERIFY(*read == sample());
}

void tst_Status::stateNames()
{
    using State = Status::State;
    const QList<std::pair<State, QString>> states = {
        {State::Starting, QStringLiteral("starting")},   {State::Running, QStringLiteral("running")},
        {State::Reloading, QStringLiteral("reloading")}, {State::Stopping, QStringLiteral("stopping")},
        {State::Degraded, QStringLiteral("degraded")},
    };
    for (const auto &[state, name] : states) {
        Status status = sample();
        status.state = state;
        const QJsonObject json = status.toJson();
        QCOMPARE(json.value(u"state").toString(), name);
        QVERIFY(Status::fromJson(json)->state == state);
    }
    using WorkerState = WorkerStatus::State;
    const QList<std::pair<WorkerState, QString>> workerStates = {
        {WorkerState::Starting, QStringLiteral("starting")}, {WorkerState::Ready, QStringLiteral("ready")},
        {WorkerState::Draining, QStringLiteral("draining")}, {WorkerState::Waiting, QStringLiteral("waiting")},
        {WorkerState::Fatal, QStringLiteral("fatal")},
    };
    for (const auto &[state, name] : workerStates) {
        Status status = sample();
        status.workers[0].state = state;
        const QJsonObject json = status.toJson();
        QCOMPARE(json.value(u"workers").toArray().at(0).toObject().value(u"state").toString(), name);
        QVERIFY(Status::fromJson(json)->workers.at(0).state == state);
    }
}

void tst_Status::unknownMembersAreIgnored()
{
    QJsonObject json = sample().toJson();
    json.insert(QStringLiteral("taskWorkers"), QJsonArray());
    QJsonArray workers = json.value(u"workers").toArray();
    QJsonObject worker = workers.at(0).toObject();
    worker.insert(QStringLiteral("mood"), QStringLiteral("calm"));
    workers.replace(0, worker);
    json.insert(QStringLiteral("workers"), workers);
    const Result<Status> read = Status::fromJson(json);
    QVERIFY(read.ok());
    QVERIFY(*read == sample());
}

void tst_Status::everyMemberIsRequired()
{
    const QJsonObject whole = sample().toJson();
    for (const QString &member : whole.keys()) {
        if (member == u"watching") // an older server does not tell it
            continue;
        QJsonObject json = whole;
        json.remove(member);
        const Result<Status> read = Status::fromJson(json);
        QVERIFY2(!read, qPrintable(member));
        QCOMPARE(read.error().message(), QStringLiteral("%1: is missing").arg(member));
    }
}

void tst_Status::anOlderServerTellsLess()
{
    QByteArray line = goldenSample;
    for (const char *member :
         {"\"oldestMs\":1200,", "\"oldestMs\":0,", ",\"work\":\"GET /slow\"", ",\"work\":\"\"", "\"watching\":true,"})
        line.replace(member, "");
    Status expected = sample();
    expected.workers[0].oldest = std::chrono::milliseconds(0);
    expected.workers[0].work.clear();
    expected.watching = false;
    const Result<Status> read = Status::fromJson(*decodeLine(line));
    QVERIFY2(read.ok(), read ? "" : qPrintable(read.error().message()));
    QVERIFY(*read == expected);
}

void tst_Status::malformed_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    const auto row = [](const char *message, const char *from, const char *to) {
        QTest::newRow(message) << QByteArray(from) << QByteArray(to);
    };
    row("pid: must be an integer from 0 to 9007199254740991, not the string \"100\"", "\"pid\":100,",
        "\"pid\":\"100\",");
    row("generation: must be an integer from 0 to 2147483647, not 2147483648", "\"generation\":2,\"listeners\"",
        "\"generation\":2147483648,\"listeners\"");
    row("uptimeMs: must be an integer from 0 to 9007199254740991, not -5", "90500", "-5");
    row("state: must be one of \"starting\", \"running\", \"reloading\", \"stopping\", \"degraded\", "
        "not the string \"fine\"",
        "degraded", "fine");
    row("startedAt: must be a time such as \"2026-01-31T12:00:00.000Z\", not 5",
        "\"startedAt\":\"2026-01-31T12:00:00.000Z\"", "\"startedAt\":5");
    row("listeners[1]: must be a string, not 5", "\"unix:/run/app.sock\"", "5");
    row("reactors[1]: must be an object, not null", "{\"connections\":63,\"id\":1,\"queued\":0,\"requests\":7}",
        "null");
    row("workers[1].pid: must be an integer from 0 to 9007199254740991, not true", "\"pid\":0", "\"pid\":true");
    row("workers[0].lastExit: is missing", "\"lastExit\":\"\",", "");
    row("workers[0].oldestMs: must be an integer from 0 to 9007199254740991, not -1", "\"oldestMs\":1200",
        "\"oldestMs\":-1");
    row("workers[0].work: must be a string, not 7", "\"GET /slow\"", "7");
    row("workers[0].inFlight: must be an integer from 0 to 2147483647, not 3.5", "\"inFlight\":3", "\"inFlight\":3.5");
    row("totals.timedOut: is missing", ",\"timedOut\":1", "");
    // The first mistake is told, in the order of the fields.
    row("reactors: must be an array, not an object", ",\"reactors\":[", ",\"reactors\":{},\"unused\":[");
}

void tst_Status::malformed()
{
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QByteArray line = goldenSample;
    QCOMPARE(line.count(from), 1);
    line.replace(from, to);
    const Result<Status> read = Status::fromJson(*decodeLine(line));
    QVERIFY(!read);
    QCOMPARE(read.error().code(), Error::Protocol);
    QCOMPARE(read.error().message(), QString::fromLatin1(QTest::currentDataTag()));
}

QTEST_GUILESS_MAIN(tst_Status)
#include "tst_status.moc"
