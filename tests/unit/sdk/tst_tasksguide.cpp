// The code of resources/docs/tasks.md, as it stands there: what a plugin author copies must compile, and do what is
// said. It is written as an author writes it, with literals for QString.
#undef QT_NO_CAST_FROM_ASCII
#undef QT_NO_CAST_TO_ASCII

#include "guidesupport.h"

#include <Quern/application.h>
#include <Quern/handlerplugin.h>
#include <Quern/server.h>
#include <Quern/testharness.h>

#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>
#include <QTimer>

using namespace Quern;
using namespace std::chrono_literals;

namespace {

/// Counts its letters; the first so many are refused.
struct Post
{
    Quern::Result<int> send(const QString &to, const QStringList &lines)
    {
        if (failures-- > 0)
            return Error(Error::Unavailable, "the post office is closed");
        letters.append(to + ": " + lines.join(' '));
        return int(letters.size());
    }

    QStringList letters;
    int failures = 0;
};

struct Books
{
    bool hasInvoice(const QString &id) const { return invoices.contains(id); }
    void write(const QString &id, const QVariantMap &invoice) { invoices.insert(id, invoice); }
    void book(const QVariantMap &) { ++booked; }
    bool isTest(const QVariantMap &order) const { return order.value("test").toBool(); }

    QMap<QString, QVariantMap> invoices;
    int booked = 0;
};

class Shop final : public QObject, public HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)

public:
    void install(Application &app) override;

    Post m_post;
    Books m_books;
    int behind = 0;

private:
    static void deliverOne(const QString &address);
    static void deliverAndAnswer(const QString &address, Response &response);
    static void deliverWithOptions(const QString &address);
};

// clang-format off
void Shop::install(Application &app)
{
    app.task("mail", [this](Quern::Task &task) -> Quern::Result<void> {
           const QVariantMap mail = task.payload().map();
           const Quern::Result<int> sent = m_post.send(mail["to"].toString(), mail["lines"].toStringList());
           if (!sent)
               return sent.error();
           task.setResult({{"letter", *sent}});
           return {};
       })
        .tries(5)
        .retryDelay(2s, 10min)
        .timeout(30s)
        .onFinish([](const Quern::TaskResult &result) {
            if (!result.ok())
                qWarning() << "no mail:" << result.error().message();
        });
    app.task("invoice", [this](Quern::Task &task) {
        if (m_books.hasInvoice(task.id().toString()))
            return; // this is the second time
        m_books.write(task.id().toString(), task.payload().map());
    });
    app.listen("order.paid", [this](const Quern::Event &event) { m_books.book(event.payload().map()); });
    app.listen("order.paid", [this](const Quern::Event &event) -> bool {
        return !m_books.isTest(event.payload().map()); // false: those behind it are not called
    });

    app.listen("order.paid", [this](const Event &) { ++behind; });
    app.post("/orders", [](const Request &request, Response &) { deliverOne(request.json()->toObject()["to"].toString()); });
    app.get("/later/:to", [](const Request &request, Response &response) { deliverAndAnswer(request.param("to"), response); });
    app.get("/options/:to", [](const Request &request, Response &) { deliverWithOptions(request.param("to")); });
    app.get("/invoice", [](const Request &, Response &) { Quern::server().deliver("invoice", {{"sum", 5}}); });
    app.get("/paid/:test", [](const Request &request, Response &) {
        if (request.param("test") == "test")
            Quern::server().fire("order.paid", {{"test", true}});
        else
    Quern::server().fire("order.paid", {{"order", 4711}});
    });
}

void Shop::deliverOne(const QString &address)
{
    const Quern::Delivery mail = Quern::server().deliver("mail", {{"to", address}, {"lines", QStringList{"Hello"}}});
    QVERIFY(mail.ok());
}

void Shop::deliverAndAnswer(const QString &address, Response &response)
{
    Quern::Response later = response.defer();
    Quern::server().deliver("mail", {{"to", address}}, {.finished = [later](const Quern::TaskResult &result) mutable {
        later.json({{"letter", result.ok() ? result.payload().value("letter").toInt() : 0}});
        later.end();
    }});
}

void Shop::deliverWithOptions(const QString &address)
{
    Quern::TaskOptions options;
    options.delay = 1h;                  // not before
    options.tries = 3;                   // in all
    options.timeout = 10s;               // of one try; 0: none
    options.retryDelay = 5s;             // before the second try
    options.priority = 8;                // 0 to 9; usually 5
    options.uniqueKey = "digest-of-ann"; // while it waits or runs, no second one
    options.durable = true;              // it survives whatever happens
    Quern::server().deliver("mail", {{"to", address}}, options);
}
// clang-format on

} // namespace

class tst_TasksGuide : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everySnippetIsHere();
    void harness();
    void answersLater();
    void options();
    void theSecondTime();
    void events();
};

void tst_TasksGuide::everySnippetIsHere()
{
    int found = 0;
    for (const QString &snippet : guide::snippets(GUIDE)) {
        if (snippet.trimmed().startsWith(u'$')) // commands: the integration tests of tasks give each of them
            continue;
        ++found;
        QCOMPARE(guide::missingOf(snippet, THIS_SOURCE), QString());
    }
    QCOMPARE(found, 8);
}

void tst_TasksGuide::harness()
{
    Shop shop;
    TestHarness harness(shop);
    // clang-format off
    harness.post("/orders", R"({"to":"ann"})");
    QCOMPARE(harness.tasks().size(), 1);
    QCOMPARE(harness.tasks().first().name, "mail");
    QCOMPARE(harness.runTasks(), 1);
    QVERIFY(harness.endedTasks().first().ok());
    // clang-format on
    QCOMPARE(shop.m_post.letters, QStringList{"ann: Hello"});
    shop.m_post.failures = 5;
    harness.post("/orders", R"({"to":"ann"})");
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("no mail: .*the post office is closed"));
    QCOMPARE(harness.runTasks(1h), 5);
    QCOMPARE(harness.endedTasks().last().attempts(), 5);
}

void tst_TasksGuide::answersLater()
{
    Shop shop;
    TestHarness harness(shop);
    // clang-format off
    QTimer::singleShot(0, &shop, [&harness] { harness.runTasks(); });
    QCOMPARE(harness.get("/later/ann").json()->toObject(), (QJsonObject{{"letter", 1}}));
    // clang-format on
}

void tst_TasksGuide::options()
{
    Shop shop;
    TestHarness harness(shop);
    harness.get("/options/ann");
    QTest::ignoreMessage(QtWarningMsg, "task \"mail\" was refused: a task with this unique key waits or runs");
    harness.get("/options/ann");
    QCOMPARE(harness.tasks().size(), 1);
    QCOMPARE(harness.tasks().first().due, 1h);
    QCOMPARE(harness.runTasks(59min), 0);
    QCOMPARE(harness.runTasks(1min), 1);
}

void tst_TasksGuide::theSecondTime()
{
    Shop shop;
    TestHarness harness(shop);
    harness.get("/invoice");
    harness.get("/invoice");
    QCOMPARE(harness.runTasks(), 2);
    QCOMPARE(shop.m_books.invoices.size(), 2);
}

void tst_TasksGuide::events()
{
    Shop shop;
    TestHarness harness(shop);
    harness.get("/paid/really");
    QCOMPARE(harness.runTasks(), 1);
    QCOMPARE(shop.behind, 1);
    harness.get("/paid/test");
    QCOMPARE(harness.runTasks(), 1);
    QCOMPARE(shop.m_books.booked, 2);
    QCOMPARE(shop.behind, 1);
}

QTEST_GUILESS_MAIN(tst_TasksGuide)
#include "tst_tasksguide.moc"
