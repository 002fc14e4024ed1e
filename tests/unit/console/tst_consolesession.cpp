#include "admin-gui/connection/session.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/tablemessages.h"
#include "fakeserver.h"

#include <QElapsedTimer>
#include <QJsonArray>

#include <QSignalSpy>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
namespace Methods = admin::Methods;
using Phase = LinkState::Phase;

class tst_consolesession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void introducesItselfAndSubscribes();
    void rolesDecideWhatMayBeDone();
    void answersGoToTheirQuestions();
    void errorsAreHandedOn();
    void nothingIsAskedWithoutAServer();
    void answersForTheGoneAreDropped();
    void moreQuestionsThanTheServerTakes();
    void statusIsDecoded();
    void logLinesWaitForTheWindow();
    void lossIsSeenAtOnceAndMendsItself();
    void stopIsTold();
    void killIsToldAsSuch();
    void silenceIsSeenWithinTwoSeconds();
    void nonsenseEndsTheConnection();
    void anotherServerIsAnother();

private:
    bool waitUp()
    {
        return QTest::qWaitFor([this] { return m_session->state().phase == Phase::Connected; }, 10'000);
    }
    bool waitFor(Phase phase)
    {
        return QTest::qWaitFor([this, phase] { return m_session->state().phase == phase; }, 15'000);
    }
    static QJsonObject status(qint64 pid);

    std::unique_ptr<FakeServer> m_server;
    std::unique_ptr<Session> m_session;
};

void tst_consolesession::init()
{
    m_server = std::make_unique<FakeServer>();
    QVERIFY(m_server->listen());
    m_session = std::make_unique<Session>();
    m_session->open(ServerAddress::ofSocket(m_server->path()));
}

void tst_consolesession::cleanup()
{
    m_session.reset();
    m_server.reset();
}

QJsonObject tst_consolesession::status(qint64 pid)
{
    admin::Status status;
    status.pid = pid;
    status.startedAt = QDateTime::currentDateTimeUtc();
    return status.toJson();
}

void tst_consolesession::introducesItselfAndSubscribes()
{
    QVERIFY(waitUp());
    QCOMPARE(m_server->asked(), (QStringList{QString(Methods::serverAccess), QString(Methods::serverSubscribe)}));
    QCOMPARE(m_session->state().who, QStringLiteral("tester"));
    QVERIFY(m_session->trouble().isEmpty());
}

void tst_consolesession::rolesDecideWhatMayBeDone()
{
    QVERIFY(waitUp());
    QVERIFY(m_session->may(Methods::serverStop));
    m_server->answer(Methods::serverAccess, [](const QJsonObject &) {
        return QJsonObject{{QStringLiteral("role"), QStringLiteral("viewer")}, {QStringLiteral("name"), QString()}};
    });
    m_session->open(ServerAddress::ofSocket(m_server->path()));
    QTRY_COMPARE(m_session->state().role, admin::Role::Viewer);
    QVERIFY(waitUp());
    QVERIFY(!m_session->may(Methods::serverReload));
    QVERIFY(m_session->may(Methods::metricsRead));
    m_session->close();
    QVERIFY(waitFor(Phase::Idle));
    QVERIFY(!m_session->may(Methods::metricsRead));
}

void tst_consolesession::answersGoToTheirQuestions()
{
    QVERIFY(waitUp());
    m_server->answer(Methods::atomicList, [](const QJsonObject &) {
        return QJsonObject{
            {QStringLiteral("atomics"), QJsonArray{QJsonObject{{QStringLiteral("name"), QStringLiteral("visits")},
                                                               {QStringLiteral("value"), 7}}}}};
    });
    std::optional<admin::AtomicList> list;
    m_session->ask<admin::AtomicList>(Methods::atomicList, {}, this,
                                      [&list](const Result<admin::AtomicList> &outcome) { list = *outcome; });
    QTRY_VERIFY(list.has_value());
    QCOMPARE(list->atomics.at(0).value.value, 7);
}

void tst_consolesession::errorsAreHandedOn()
{
    QVERIFY(waitUp());
    m_server->answer(Methods::cronRun,
                     [](const QJsonObject &) { return Error(Error::NotFound, QStringLiteral("no job")); });
    std::optional<Error> error;
    m_session->call(Methods::cronRun, {}, this,
                    [&error](const Result<QJsonObject> &outcome) { error = outcome.error(); });
    QTRY_VERIFY(error.has_value());
    QCOMPARE(error->code(), Error::NotFound);
    QCOMPARE(error->message(), QStringLiteral("no job"));
    // An answer of another shape is an error as well.
    m_server->answer(Methods::atomicList, [](const QJsonObject &) { return QJsonObject(); });
    error.reset();
    m_session->ask<admin::AtomicList>(Methods::atomicList, {}, this,
                                      [&error](const Result<admin::AtomicList> &outcome) { error = outcome.error(); });
    QTRY_VERIFY(error.has_value());
    QCOMPARE(error->code(), Error::Protocol);
}

void tst_consolesession::nothingIsAskedWithoutAServer()
{
    QVERIFY(waitUp());
    m_server->close();
    QVERIFY(waitFor(Phase::Waiting));
    std::optional<Error> error;
    m_session->call(Methods::cronRun, {}, this,
                    [&error](const Result<QJsonObject> &outcome) { error = outcome.error(); });
    QTRY_VERIFY(error.has_value());
    QCOMPARE(error->code(), Error::Unavailable);
}

void tst_consolesession::answersForTheGoneAreDropped()
{
    QVERIFY(waitUp());
    bool isCalled = false;
    auto context = std::make_unique<QObject>();
    m_session->call(Methods::serverHealth, {}, context.get(),
                    [&isCalled](const Result<QJsonObject> &) { isCalled = true; });
    context.reset();
    bool isLaterCalled = false;
    m_session->call(Methods::serverHealth, {}, this,
                    [&isLaterCalled](const Result<QJsonObject> &) { isLaterCalled = true; });
    QTRY_VERIFY(isLaterCalled);
    QVERIFY(!isCalled);
}

void tst_consolesession::moreQuestionsThanTheServerTakes()
{
    QVERIFY(waitUp());
    m_server->setMute(true);
    const qsizetype before = m_server->asked().size();
    int answered = 0;
    int busy = 0;
    const int count = int(Link::MostUnderWay + Link::MostWaiting) + 10;
    for (int i = 0; i < count; ++i) {
        m_session->call(Methods::serverHealth, {}, this, [&](const Result<QJsonObject> &outcome) {
            ++answered;
            busy += !outcome && outcome.error().code() == Error::Busy ? 1 : 0;
        });
    }
    QTRY_COMPARE(busy, 10);
    QTRY_COMPARE(std::size_t(m_server->asked().size() - before), Link::MostUnderWay);
    m_server->drop();
    QTRY_COMPARE(answered, count);
}

void tst_consolesession::statusIsDecoded()
{
    QVERIFY(waitUp());
    m_server->tell(admin::Events::status, status(4711));
    QTRY_VERIFY(m_session->status() != nullptr);
    QCOMPARE(m_session->status()->pid, 4711);
}

void tst_consolesession::logLinesWaitForTheWindow()
{
    QVERIFY(waitUp());
    qsizetype lines = 0;
    qint64 dropped = 0;
    connect(m_session.get(), &Session::logReceived, this, [&](const admin::LogPage &page) {
        lines += page.lines.size();
        dropped += page.dropped;
    });
    constexpr int pages = 40;
    constexpr int perPage = 500;
    admin::LogPage page;
    for (int i = 0; i < perPage; ++i)
        page.lines.append(
            {i + 1, QDateTime::currentDateTimeUtc(), base::LogLevel::Info, {}, 0, {}, QStringLiteral("x")});
    for (int i = 0; i < pages; ++i)
        m_server->tell(admin::Events::log, page.toJson());
    QTRY_COMPARE(lines + dropped, qint64(pages * perPage));
}

void tst_consolesession::lossIsSeenAtOnceAndMendsItself()
{
    QVERIFY(waitUp());
    QSignalSpy connected(m_session.get(), &Session::connected);
    m_server->close();
    QVERIFY(waitFor(Phase::Waiting));
    QVERIFY(!m_session->trouble().isEmpty());
    QVERIFY(m_server->listen());
    QVERIFY(waitUp());
    QCOMPARE(connected.count(), 1);
    QVERIFY(m_session->trouble().isEmpty());
}

void tst_consolesession::stopIsTold()
{
    QVERIFY(waitUp());
    admin::Operation operation;
    operation.id = 1;
    operation.kind = admin::Operation::Kind::Stop;
    QSignalSpy told(m_session.get(), &Session::operationChanged);
    m_server->tell(admin::Events::operation, operation.toJson());
    QTRY_COMPARE(told.count(), 1);
    m_server->close();
    QVERIFY(waitFor(Phase::Waiting));
    QVERIFY2(m_session->trouble().startsWith(QStringLiteral("It was stopped.")), qPrintable(m_session->trouble()));
}

void tst_consolesession::killIsToldAsSuch()
{
    QVERIFY(waitUp());
    m_server->close();
    QVERIFY(waitFor(Phase::Waiting));
    QVERIFY2(m_session->trouble().contains(QStringLiteral("crashed, or was killed")), qPrintable(m_session->trouble()));
}

void tst_consolesession::silenceIsSeenWithinTwoSeconds()
{
    QVERIFY(waitUp());
    m_server->tell(admin::Events::status, status(1));
    QElapsedTimer timer;
    timer.start();
    QVERIFY(waitFor(Phase::Silent));
    QVERIFY2(timer.elapsed() < 4000, "two seconds, and as much for a busy machine");
    m_server->tell(admin::Events::status, status(1));
    QVERIFY(waitUp());
}

void tst_consolesession::nonsenseEndsTheConnection()
{
    QVERIFY(waitUp());
    m_server->sendRaw("nonsense\n");
    QVERIFY(waitFor(Phase::Waiting));
    QVERIFY(waitUp());
}

void tst_consolesession::anotherServerIsAnother()
{
    QVERIFY(waitUp());
    m_server->tell(admin::Events::status, status(1));
    QTRY_VERIFY(m_session->status() != nullptr);
    FakeServer another;
    QVERIFY(another.listen());
    m_session->open(ServerAddress::ofSocket(another.path()));
    QVERIFY(m_session->status() == nullptr);
    QTRY_COMPARE(another.connectionCount(), 1);
    QVERIFY(waitUp());
    QVERIFY(m_session->status() == nullptr);
}

QTEST_MAIN(tst_consolesession)
#include "tst_consolesession.moc"
