#include "protocol/http/conditional.h"

#include <QTest>

using namespace Quern::protocol::http;

namespace {

constexpr qint64 changed = 784111777; // Sun, 06 Nov 1994 08:49:37 GMT
constexpr qint64 now = changed + 3600;
constexpr const char *same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char *earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char *later = "Sun, 06 Nov 1994 08:49:38 GMT";

} // namespace

Q_DECLARE_METATYPE(ConditionFields)
Q_DECLARE_METATYPE(ConditionVerdict)

class ConditionalTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void verdicts_data();
    void verdicts();
    void withoutValidators();
    void weakTag();
    void ifRange_data();
    void ifRange();
    void ifRangeOfAYoungFile();
    void entityTags_data();
    void entityTags();
};

void ConditionalTest::verdicts_data()
{
    QTest::addColumn<ConditionFields>("fields");
    QTest::addColumn<ConditionVerdict>("verdict");
    const auto row = [](const char *name, const ConditionFields &fields, ConditionVerdict verdict) {
        QTest::newRow(name) << fields << verdict;
    };
    constexpr auto proceed = ConditionVerdict::Proceed;
    constexpr auto notModified = ConditionVerdict::NotModified;
    constexpr auto failed = ConditionVerdict::PreconditionFailed;
    row("none", {}, proceed);

    row("If-Match: the tag", {.ifMatch = "\"v1\""}, proceed);
    row("If-Match: another", {.ifMatch = "\"v2\""}, failed);
    row("If-Match: weak is not strong", {.ifMatch = "W/\"v1\""}, failed);
    row("If-Match: any", {.ifMatch = "*"}, proceed);
    row("If-Match: in a list", {.ifMatch = "\"a\", \"b,c\" ,\"v1\""}, proceed);
    row("If-Match: not in a list", {.ifMatch = "\"a\", \"v1,\""}, failed);
    row("If-Match: empty", {.ifMatch = ""}, failed);
    row("If-Match: no quotes", {.ifMatch = "v1"}, failed);
    row("If-Match: no end", {.ifMatch = "\"v1"}, failed);

    row("If-Unmodified-Since: same", {.ifUnmodifiedSince = same}, proceed);
    row("If-Unmodified-Since: later", {.ifUnmodifiedSince = later}, proceed);
    row("If-Unmodified-Since: earlier", {.ifUnmodifiedSince = earlier}, failed);
    row("If-Unmodified-Since: no date", {.ifUnmodifiedSince = "yesterday"}, proceed);
    row("If-Match goes before If-Unmodified-Since", {.ifMatch = "\"v1\"", .ifUnmodifiedSince = earlier}, proceed);

    row("If-None-Match: the tag", {.ifNoneMatch = "\"v1\""}, notModified);
    row("If-None-Match: weak", {.ifNoneMatch = "W/\"v1\""}, notModified);
    row("If-None-Match: another", {.ifNoneMatch = "\"v2\""}, proceed);
    row("If-None-Match: any", {.ifNoneMatch = "*"}, notModified);
    row("If-None-Match: in a list", {.ifNoneMatch = "W/\"a\",,\t\"v1\""}, notModified);
    row("If-None-Match: behind a malformed one", {.ifNoneMatch = "a, \"v1\""}, proceed);
    row("If-None-Match: empty", {.ifNoneMatch = ""}, proceed);
    row("If-None-Match: lower-case w", {.ifNoneMatch = "w/\"v1\""}, proceed);

    row("If-Modified-Since: same", {.ifModifiedSince = same}, notModified);
    row("If-Modified-Since: later", {.ifModifiedSince = later}, notModified);
    row("If-Modified-Since: earlier", {.ifModifiedSince = earlier}, proceed);
    row("If-Modified-Since: RFC 850", {.ifModifiedSince = "Sunday, 06-Nov-94 08:49:37 GMT"}, notModified);
    row("If-Modified-Since: asctime", {.ifModifiedSince = "Sun Nov  6 08:49:37 1994"}, notModified);
    row("If-Modified-Since: no date", {.ifModifiedSince = "0"}, proceed);
    row("If-None-Match goes before If-Modified-Since", {.ifNoneMatch = "\"v2\"", .ifModifiedSince = same}, proceed);
    row("… also when it is the one that holds", {.ifNoneMatch = "\"v1\"", .ifModifiedSince = earlier}, notModified);

    row("If-Match fails before If-None-Match", {.ifMatch = "\"v2\"", .ifNoneMatch = "\"v1\""}, failed);
    row("If-Match holds, then If-None-Match", {.ifMatch = "\"v1\"", .ifNoneMatch = "\"v1\""}, notModified);
    row("If-Unmodified-Since holds, then If-Modified-Since", {.ifModifiedSince = same, .ifUnmodifiedSince = same},
        notModified);
}

void ConditionalTest::verdicts()
{
    QFETCH(const ConditionFields, fields);
    QTEST(judgeConditions(fields, {"\"v1\"", changed}, now), "verdict");
}

void ConditionalTest::withoutValidators()
{
    QCOMPARE(judgeConditions({.ifNoneMatch = "\"v1\""}, {}, now), ConditionVerdict::Proceed);
    QCOMPARE(judgeConditions({.ifNoneMatch = "*"}, {}, now), ConditionVerdict::NotModified);
    QCOMPARE(judgeConditions({.ifMatch = "\"v1\""}, {}, now), ConditionVerdict::PreconditionFailed);
    QCOMPARE(judgeConditions({.ifModifiedSince = later}, {}, now), ConditionVerdict::Proceed);
    QCOMPARE(judgeConditions({.ifUnmodifiedSince = earlier}, {}, now), ConditionVerdict::Proceed);
    QVERIFY(!isRangeWanted("\"v1\"", {}, now));
    QVERIFY(!isRangeWanted(same, {}, now));
}

void ConditionalTest::weakTag()
{
    const Validators weak = {"W/\"v1\"", changed};
    QCOMPARE(judgeConditions({.ifNoneMatch = "\"v1\""}, weak, now), ConditionVerdict::NotModified);
    QCOMPARE(judgeConditions({.ifMatch = "W/\"v1\""}, weak, now), ConditionVerdict::PreconditionFailed);
    QVERIFY(!isRangeWanted("W/\"v1\"", weak, now));
    QVERIFY(!isRangeWanted("\"v1\"", weak, now));
}

void ConditionalTest::ifRange_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("wanted");
    QTest::newRow("absent") << QByteArray() << true;
    QTest::newRow("the tag") << QByteArray("\"v1\"") << true;
    QTest::newRow("another tag") << QByteArray("\"v2\"") << false;
    QTest::newRow("weak tag") << QByteArray("W/\"v1\"") << false;
    QTest::newRow("list") << QByteArray("\"v1\", \"v2\"") << false;
    QTest::newRow("any") << QByteArray("*") << false;
    QTest::newRow("the date") << QByteArray(same) << true;
    QTest::newRow("later date") << QByteArray(later) << false;
    QTest::newRow("earlier date") << QByteArray(earlier) << false;
    QTest::newRow("neither") << QByteArray("v1") << false;
    QTest::newRow("empty") << QByteArray("") << false;
}

void ConditionalTest::ifRange()
{
    QFETCH(const QByteArray, value);
    QTEST(isRangeWanted(value, {"\"v1\"", changed}, now), "wanted");
}

void ConditionalTest::ifRangeOfAYoungFile()
{
    // It may change again within the same second.
    QVERIFY(!isRangeWanted(same, {"\"v1\"", changed}, changed));
    QVERIFY(isRangeWanted(same, {"\"v1\"", changed}, changed + 1));
}

void ConditionalTest::entityTags_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("valid");
    for (const char *text : {"\"\"", "\"a\"", "W/\"a\"", "\"!#\\x80~\"", "W/\"\"", "\"\xc3\xa9\""})
        QTest::newRow(text) << QByteArray(text) << true;
    for (const char *text : {"", "\"", "a", "W/", "W/a", "w/\"a\"", "\"a", "a\"", "\"a\"b", "\"a b\"", "\"a\"\"b\"",
                             "\"a\x7f\"", "\"a\n\"", " \"a\""})
        QTest::newRow(text) << QByteArray(text) << false;
}

void ConditionalTest::entityTags()
{
    QFETCH(const QByteArray, text);
    QTEST(isEntityTag(text), "valid");
}

QTEST_GUILESS_MAIN(ConditionalTest)
#include "tst_conditional.moc"
