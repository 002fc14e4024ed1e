#include "app/server/taskdesk.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/taskmessages.h"
#include "tasks/broker.h"
#include "tasks/spill.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
namespace Methods = admin::Methods;

/// Each request has one reply, whatever the broker does.
class TestTaskDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void answersOfABroker();
    void whatIsNotUnderstoodIsNotAsked_data();
    void whatIsNotUnderstoodIsNotAsked();
    void answersOutOfOrder();
    void noAnswerInTime();
    void theServerStopsMeanwhile();
    void tooMany();

private:
    struct Sent
    {
        quint64 client;
        admin::Reply reply;
    };

    static admin::Request request(qint64 id, QLatin1StringView method, const QJsonObject &params = {})
    {
        admin::Request made;
        made.id = id;
        made.method = method;
        made.params = params;
        return made;
    }
    static admin::Request letters(qint64 id)
    {
        return request(id, Methods::taskDeadLetters, admin::DeadLetterQuery().toJson());
    }
    Error::Code codeOf(qsizetype place) const { return m_sent.at(place).reply.outcome.error().code(); }

    QList<std::pair<quint64, app::BrokerQuestion>> m_asked;
    QList<Sent> m_sent;
    std::unique_ptr<app::TaskDesk> m_desk;
};

void TestTaskDesk::init()
{
    m_asked.clear();
    m_sent.clear();
    m_desk = std::make_unique<app::TaskDesk>(
        [this](quint64 token, const app::BrokerQuestion &question) {
            m_asked.append({token, question});
        },
        [this](quint64 client, const admin::Reply &reply) {
            m_sent.append({client, reply});
        });
}

void TestTaskDesk::answersOfABroker()
{
    const QTemporaryDir folder;
    const tasks::Spill spill(folder.path());
    tasks::MemoryStore *store = nullptr;
    tasks::Broker broker(
        [&](tasks::TaskStore::Client &client) {
            tasks::BrokerStores stores{.spill = spill};
            stores.memory = std::make_unique<tasks::MemoryStore>(tasks::StoreLimits(), client, spill);
            store = stores.memory.get();
            return stores;
        },
        {});
    for (quint64 id = 1; id <= 3; ++id) {
        tasks::TaskRecord record;
        record.id = id;
        record.name = id == 3 ? "other" : "mail";
        record.payload = "load";
        store->add(record, id);
        std::vector<const tasks::TaskRecord *> taken;
        store->takeDue(1, 1, taken);
        store->bury(id, 2, u"no post"_s, qint64(id));
    }
    const auto ask = [&](QLatin1StringView method, const QJsonObject &params) {
        m_sent.clear();
        m_asked.clear();
        m_desk->handle(5, request(9, method, params));
        m_asked.first().second(
            broker, [&](const Result<QJsonObject> &outcome) { m_desk->answered(m_asked.first().first, outcome); });
        return m_sent.size() == 1 && m_sent.first().client == 5 && m_sent.first().reply.id == 9
                   ? m_sent.first().reply.outcome
                   : Result<QJsonObject>(Error(Error::Internal, u"not one reply"_s));
    };
    const auto page = admin::DeadLetterPage::fromJson(
        *ask(Methods::taskDeadLetters, {{u"name"_s, u"mail"_s}, {u"before"_s, QString()}, {u"limit"_s, 1}}));
    QVERIFY(page);
    QCOMPARE(page->letters.size(), 1);
    QCOMPARE(page->letters.first().id, u"2"_s);
    QCOMPARE(page->letters.first().error, u"no post"_s);
    QVERIFY(!page->older.isEmpty());
    const auto rest = admin::DeadLetterPage::fromJson(
        *ask(Methods::taskDeadLetters, {{u"name"_s, u"mail"_s}, {u"before"_s, page->older}, {u"limit"_s, 1}}));
    QCOMPARE(rest->letters.first().id, u"1"_s);
    QVERIFY(rest->older.isEmpty());
    const auto payload = admin::DeadLetterPayload::fromJson(*ask(Methods::taskDeadPayload, {{u"id"_s, u"1"_s}}));
    QCOMPARE(QByteArray::fromBase64(payload->bytes.toLatin1()), QByteArray("load"));
    QCOMPARE(ask(Methods::taskDeadPayload, {{u"id"_s, u"4"_s}}).error().code(), Error::NotFound);
    using Selection = admin::DeadLetterSelection;
    const auto count = [](const Result<QJsonObject> &outcome) { return outcome->value(u"count"_s).toInt(); };
    QCOMPARE(count(ask(Methods::taskRetry, Selection{Selection::Scope::One, u"1"_s, {}}.toJson())), 1);
    QCOMPARE(count(ask(Methods::taskDrop, Selection{Selection::Scope::Named, {}, u"mail"_s}.toJson())), 1);
    QCOMPARE(count(ask(Methods::taskDrop, Selection{Selection::Scope::All, {}, {}}.toJson())), 1);
    QCOMPARE(store->counts(0).dead, 0);
    QCOMPARE(store->counts(0).delayed, 1); // the one that was revived, as of the clock
}

void TestTaskDesk::whatIsNotUnderstoodIsNotAsked_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QJsonObject>("params");
    QTest::addColumn<int>("code");
    QTest::newRow("no such method") << u"task.dance"_s << QJsonObject() << int(Error::NotFound);
    QTest::newRow("no query") << u"task.deadLetters"_s << QJsonObject{{u"limit"_s, u"x"_s}} << int(Error::Protocol);
    QTest::newRow("no page") << u"task.deadLetters"_s
                             << QJsonObject{{u"name"_s, QString()}, {u"before"_s, u"x"_s}, {u"limit"_s, 1}}
                             << int(Error::Invalid);
    QTest::newRow("no limit") << u"task.deadLetters"_s
                              << QJsonObject{{u"name"_s, QString()}, {u"before"_s, QString()}, {u"limit"_s, 0}}
                              << int(Error::Protocol);
    QTest::newRow("no id") << u"task.deadPayload"_s << QJsonObject{{u"id"_s, u"-1"_s}} << int(Error::Invalid);
    const QString nothing;
    QTest::newRow("no scope") << u"task.drop"_s
                              << QJsonObject{{u"scope"_s, u"some"_s}, {u"id"_s, nothing}, {u"name"_s, nothing}}
                              << int(Error::Protocol);
    QTest::newRow("no name") << u"task.drop"_s
                             << QJsonObject{{u"scope"_s, u"named"_s}, {u"id"_s, nothing}, {u"name"_s, nothing}}
                             << int(Error::Invalid);
    QTest::newRow("one without an id") << u"task.retry"_s
                                       << QJsonObject{{u"scope"_s, u"one"_s}, {u"id"_s, nothing}, {u"name"_s, nothing}}
                                       << int(Error::Invalid);
}

void TestTaskDesk::whatIsNotUnderstoodIsNotAsked()
{
    QFETCH(const QString, method);
    QFETCH(const QJsonObject, params);
    QFETCH(const int, code);
    const QByteArray name = method.toLatin1();
    m_desk->handle(5, request(9, QLatin1StringView(name), params));
    QCOMPARE(m_sent.size(), 1);
    QCOMPARE(m_sent.first().reply.id, 9);
    QCOMPARE(int(codeOf(0)), code);
    QVERIFY(m_asked.isEmpty());
}

void TestTaskDesk::answersOutOfOrder()
{
    m_desk->handle(1, letters(10));
    m_desk->handle(2, letters(10));
    QCOMPARE(m_asked.size(), 2);
    m_desk->answered(m_asked.at(1).first, QJsonObject());
    m_desk->answered(m_asked.at(0).first, QJsonObject());
    m_desk->answered(m_asked.at(0).first, QJsonObject()); // once more
    m_desk->answered(4711, QJsonObject());
    QCOMPARE(m_sent.size(), 2);
    QCOMPARE(m_sent.at(0).client, quint64(2));
    QCOMPARE(m_sent.at(1).client, quint64(1));
}

void TestTaskDesk::noAnswerInTime()
{
    m_desk->handle(1, letters(10));
    QTRY_COMPARE_WITH_TIMEOUT(m_sent.size(), 1,
                              int(2 * std::chrono::milliseconds(app::OpenRequests::AnswerTimeout).count()));
    QCOMPARE(codeOf(0), Error::Timeout);
    m_desk->answered(m_asked.first().first, QJsonObject()); // too late
    QCOMPARE(m_sent.size(), 1);
}

void TestTaskDesk::theServerStopsMeanwhile()
{
    m_desk->handle(1, letters(10));
    m_desk->handle(1, letters(11));
    m_desk.reset();
    QCOMPARE(m_sent.size(), 2);
    for (qsizetype place = 0; place < 2; ++place) {
        QCOMPARE(m_sent.at(place).reply.id, 10 + place);
        QCOMPARE(codeOf(place), Error::Unavailable);
    }
}

void TestTaskDesk::tooMany()
{
    const auto most = qsizetype(app::OpenRequests::MostPending);
    for (qsizetype id = 1; id <= most + 1; ++id)
        m_desk->handle(1, letters(id));
    QCOMPARE(m_asked.size(), most);
    QCOMPARE(m_sent.size(), 1);
    QCOMPARE(codeOf(0), Error::Busy);
    QCOMPARE(m_sent.first().reply.id, most + 1);
    m_desk->answered(m_asked.first().first, QJsonObject());
    m_desk->handle(1, letters(most + 2));
    QCOMPARE(m_asked.size(), most + 1);
}

QTEST_GUILESS_MAIN(TestTaskDesk)
#include "tst_taskdesk.moc"
