// What the guide to tables shows, resources/docs/tables.md, compiled and run. It is written as an author writes it,
// with literals for QString.
#undef QT_NO_CAST_FROM_ASCII
#undef QT_NO_CAST_TO_ASCII

#include "guidesupport.h"

#include <Quern/handlerplugin.h>
#include <Quern/server.h>
#include <Quern/testharness.h>

#include <QJsonObject>
#include <QTest>

#include <stdexcept>

using namespace Quern;

namespace {

class Shop final : public QObject, public HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)

public:
    // clang-format off
    template <typename T>
    static T required(const Quern::Result<T> &found)
    {
        if (!found)
            throw std::runtime_error(found.error().message().toStdString());
        return *found;
    }

    void install(Quern::Application &app) override
    {
        m_prices = required(Quern::server().table("prices"));
        m_price = required(m_prices.intColumn("price"));
        m_title = required(m_prices.stringColumn("title"));
        m_visits = required(Quern::server().atomic("visits"));

        app.get("/tea", [this](const Request &, Response &response) { tea(response); });
        app.get("/all", [this](const Request &, Response &response) { all(response); });
    }

    void tea(Response &response)
    {
    m_prices.set("tea", {{"price", 250}, {"title", "Tea"}});
    m_prices.set("tea", {{"price", 240}});
    const auto tea = m_prices.get("tea");            // an error, or nothing, or a QVariantMap
    if (tea && *tea)
        response.json(QJsonObject::fromVariantMap(**tea));
    }

    void all(Response &response)
    {
    m_prices.set("tea", {{m_price, 230}, {m_title, "Tea"}});
    const auto price = m_prices.get("tea", m_price); // an error, or nothing, or a qint64
    const auto sold = m_prices.increment("tea", m_price, 10);

    const auto isChanged = m_prices.compareAndSet("tea", {{m_price, 240}}, {{m_price, 250}});
    const auto isFirst = m_prices.insert("lock", {{m_price, 1}}, std::chrono::seconds(10));   // Error::Exists: another one's
    const auto job = m_prices.take("job");           // of many who take it, one has it

    m_prices.set("session-4711", {{m_title, "ann"}}, std::chrono::minutes(20));
    const auto isThere = m_prices.expire("session-4711", std::chrono::minutes(20));   // seen again: 20 minutes more

    qint64 total = 0;
    m_prices.forEach([&](const QByteArray &key, const Quern::Row &row) {
        total += row.value(m_price);
        return key != "last";
    });

    const qint64 visits = m_visits.add();
    const bool isMine = m_visits.compareAndSet(visits, 0);
    const auto changed = m_visits.wait(0, std::chrono::milliseconds(1));   // Error::Timeout: it is 0 still
        // clang-format on

        response.json({{"price", **price},
                       {"isThere", *isThere},
                       {"sold", *sold},
                       {"isChanged", *isChanged},
                       {"isFirst", isFirst.ok()},
                       {"hasJob", job->has_value()},
                       {"total", total},
                       {"isMine", isMine},
                       {"isTimeout", !changed && changed.error().code() == Error::Timeout}});
    }

private:
    Table m_prices;
    IntColumn m_price;
    StringColumn m_title;
    Atomic m_visits;
};

} // namespace

class TestTablesGuide : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everySnippetIsHere();
    void worksAsSaid();
    void wrongTables();
};

void TestTablesGuide::everySnippetIsHere()
{
    const QStringList snippets = guide::snippets(GUIDE);
    QCOMPARE(snippets.size(), 9);
    for (const QString &snippet : snippets)
        QCOMPARE(guide::missingOf(snippet, THIS_SOURCE), QString());
}

void TestTablesGuide::worksAsSaid()
{
    Shop shop;
    // clang-format off
    Quern::TestHarness harness(shop, {}, {.tables = {{"prices", 100, {{"price"}, {"title", Quern::ColumnInfo::Type::String, 64}}}},
                                          .atomics = {{"visits"}}});
    QVERIFY(harness.runHooks({Quern::HookKind::ServerStart}));
    // clang-format on
    QVERIFY2(harness.installed().ok(), "not installed");
    QCOMPARE(harness.get("/tea").json()->toObject(), (QJsonObject{{"price", 240}, {"title", "Tea"}}));
    QCOMPARE(harness.get("/all").json()->toObject(), (QJsonObject{{"price", 230},
                                                                  {"isThere", true},
                                                                  {"sold", 240},
                                                                  {"isChanged", true},
                                                                  {"isFirst", true},
                                                                  {"hasJob", false},
                                                                  {"total", 251},
                                                                  {"isMine", true},
                                                                  {"isTimeout", true}}));
    QCOMPARE(harness.get("/all").json()->toObject()["isFirst"], QJsonValue(false));
    QCOMPARE(server().table("nothing").error().code(), Error::NotFound);
    {
        Shop other;
        const TestHarness inner(other, {},
                                {.tables = {{"prices", 1, {{"price"}, {"title", ColumnInfo::Type::String, 1}}}},
                                 .atomics = {{"visits", 7}}});
        QCOMPARE(server().atomic("visits")->get(), 7);
    }
    QCOMPARE(server().atomic("visits")->get(), 0);
}

void TestTablesGuide::wrongTables()
{
    Shop shop;
    const TestHarness none(shop);
    QVERIFY(!none.installed());
    Shop other;
    const TestHarness wrong(other, {}, {.tables = {{"prices", 0, {{"price"}}}}});
    QCOMPARE(wrong.installed().error().code(), Error::Invalid);
    QVERIFY(wrong.installed().error().message().contains("prices"));
}

QTEST_GUILESS_MAIN(TestTablesGuide)
#include "tst_tablesguide.moc"
