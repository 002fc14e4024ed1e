#include "cron/cronexpression.h"

#include <QDateTime>
#include <QTest>

using namespace Qt::Literals::StringLiterals;
using namespace Quern;
using cron::CronExpression;

namespace {

/// The next \a count times after \a after (UTC) as the clocks of \a zone show them, with their distance from UTC:
/// "2024-03-31T03:00:00+02:00", with blanks between.
QString nextTimes(const QString &text, const QByteArray &zoneName, const QString &after, int count)
{
    const Result<CronExpression> expression = CronExpression::parse(text);
    if (!expression)
        return expression.error().message();
    const QTimeZone zone(zoneName);
    std::chrono::sys_seconds time(std::chrono::seconds(QDateTime::fromString(after, Qt::ISODate).toSecsSinceEpoch()));
    QStringList times;
    for (int i = 0; i < count; ++i) {
        const auto next = expression->next(time, zone);
        if (!next)
            return (times << u"never"_s).join(u' ');
        time = *next;
        const QDateTime utc = QDateTime::fromSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC);
        times << utc.toOffsetFromUtc(zone.offsetFromUtc(utc)).toString(Qt::ISODate);
    }
    return times.join(u' ');
}

} // namespace

class TestCronExpression : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void times_data();
    void times();
    void clockChanges_data();
    void clockChanges();
    void refusals_data();
    void refusals();
    void rareDays_data();
    void rareDays();
    void isTheSameAsLookingAtEachSecond_data();
    void isTheSameAsLookingAtEachSecond();
};

void TestCronExpression::times_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("after");
    QTest::addColumn<QString>("expected");

    const QString noon = u"2024-02-28T12:00:00Z"_s; // a Wednesday
    QTest::newRow("each minute") << "* * * * *" << noon << "2024-02-28T12:01:00Z 2024-02-28T12:02:00Z";
    QTest::newRow("each second") << "* * * * * *" << noon << "2024-02-28T12:00:01Z 2024-02-28T12:00:02Z";
    QTest::newRow("a step of seconds") << "*/20 * * * * *" << noon
                                       << "2024-02-28T12:00:20Z 2024-02-28T12:00:40Z 2024-02-28T12:01:00Z";
    QTest::newRow("a list with a range and a step")
        << "5,10-20/5 13 * * *" << noon
        << "2024-02-28T13:05:00Z 2024-02-28T13:10:00Z 2024-02-28T13:15:00Z 2024-02-28T13:20:00Z 2024-02-29T13:05:00Z";
    QTest::newRow("the time of now is over") << "0 12 * * *" << noon << "2024-02-29T12:00:00Z";
    QTest::newRow("names in any case") << "0 0 1 JAN,Jul *" << noon << "2024-07-01T00:00:00Z 2025-01-01T00:00:00Z";
    QTest::newRow("a range of days of the week")
        << "0 9 * * fri-sun" << noon
        << "2024-03-01T09:00:00Z 2024-03-02T09:00:00Z 2024-03-03T09:00:00Z 2024-03-08T09:00:00Z";
    QTest::newRow("0 is Sunday") << "0 0 * * 0" << noon << "2024-03-03T00:00:00Z 2024-03-10T00:00:00Z";
    QTest::newRow("7 is Sunday") << "0 0 * * 7" << noon << "2024-03-03T00:00:00Z 2024-03-10T00:00:00Z";
    QTest::newRow("5-7 ends with Sunday")
        << "0 0 * * 5-7" << noon
        << "2024-03-01T00:00:00Z 2024-03-02T00:00:00Z 2024-03-03T00:00:00Z 2024-03-08T00:00:00Z";
    QTest::newRow("a step of days of the week has no second Sunday")
        << "0 0 * * */7" << noon << "2024-03-03T00:00:00Z 2024-03-10T00:00:00Z";
    QTest::newRow("either day, if both are restricted")
        << "0 0 13 * fri" << noon
        << "2024-03-01T00:00:00Z 2024-03-08T00:00:00Z 2024-03-13T00:00:00Z 2024-03-15T00:00:00Z";
    QTest::newRow("both days, if one begins with a star")
        << "0 0 */2 * mon" << noon << "2024-03-11T00:00:00Z 2024-03-25T00:00:00Z";
    QTest::newRow("31 of the months that have it")
        << "0 0 31 * *" << noon << "2024-03-31T00:00:00Z 2024-05-31T00:00:00Z 2024-07-31T00:00:00Z";
    QTest::newRow("29 February") << "0 0 29 2 *" << noon << "2024-02-29T00:00:00Z 2028-02-29T00:00:00Z";
    QTest::newRow("over the end of a year")
        << "59 59 23 31 12 *" << noon << "2024-12-31T23:59:59Z 2025-12-31T23:59:59Z";
    QTest::newRow("@hourly") << "@hourly" << noon << "2024-02-28T13:00:00Z";
    QTest::newRow("@daily") << "@daily" << noon << "2024-02-29T00:00:00Z";
    QTest::newRow("@midnight") << "@midnight" << noon << "2024-02-29T00:00:00Z";
    QTest::newRow("@weekly") << "@weekly" << noon << "2024-03-03T00:00:00Z";
    QTest::newRow("@monthly") << "@monthly" << noon << "2024-03-01T00:00:00Z";
    QTest::newRow("@yearly") << "@Yearly" << noon << "2025-01-01T00:00:00Z";
    QTest::newRow("@annually") << "@annually" << noon << "2025-01-01T00:00:00Z";
}

void TestCronExpression::times()
{
    QFETCH(QString, text);
    QFETCH(QString, after);
    QFETCH(QString, expected);
    QCOMPARE(nextTimes(text, "UTC", after, int(expected.count(u' ')) + 1), expected);
}

void TestCronExpression::clockChanges_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<QString>("after");
    QTest::addColumn<QString>("expected");

    // Berlin 2024: 31 March 02:00 → 03:00, 27 October 03:00 → 02:00.
    const QByteArray berlin = "Europe/Berlin";
    const QString spring = u"2024-03-30T12:00:00Z"_s;
    const QString autumn = u"2024-10-26T12:00:00Z"_s;
    QTest::newRow("Berlin, a time that is jumped over runs at the jump")
        << "30 2 * * *" << berlin << spring << "2024-03-31T03:00:00+02:00 2024-04-01T02:30:00+02:00";
    QTest::newRow("Berlin, several of them run once")
        << "*/10 2 * * *" << berlin << spring << "2024-03-31T03:00:00+02:00 2024-04-01T02:00:00+02:00";
    QTest::newRow("Berlin, one that is jumped over and one of the moment itself are one")
        << "0 2,3 * * *" << berlin << spring
        << "2024-03-31T03:00:00+02:00 2024-04-01T02:00:00+02:00 2024-04-01T03:00:00+02:00";
    QTest::newRow("Berlin, the second before and the moment of the jump")
        << "59,0 59,0 1,3 * * *" << berlin << u"2024-03-31T00:59:58Z"_s
        << "2024-03-31T01:59:59+01:00 2024-03-31T03:00:00+02:00 2024-03-31T03:00:59+02:00";
    QTest::newRow("Berlin, nothing asked for the hour that is jumped over")
        << "30 2 * * mon" << berlin << spring << "2024-04-01T02:30:00+02:00";
    QTest::newRow("Berlin, each hour knows nothing of the one that is left out")
        << "30 * * * *" << berlin << u"2024-03-31T00:00:00Z"_s << "2024-03-31T01:30:00+01:00 2024-03-31T03:30:00+02:00";
    QTest::newRow("Berlin, a time that comes twice runs the first time")
        << "30 2 * * *" << berlin << autumn << "2024-10-27T02:30:00+02:00 2024-10-28T02:30:00+01:00";
    QTest::newRow("Berlin, several of them run in the first hour alone")
        << "*/30 2 * * *" << berlin << autumn
        << "2024-10-27T02:00:00+02:00 2024-10-27T02:30:00+02:00 2024-10-28T02:00:00+01:00";
    QTest::newRow("Berlin, asked within the second hour")
        << "*/30 2,3 * * *" << berlin << u"2024-10-27T01:10:00Z"_s << "2024-10-27T03:00:00+01:00";
    QTest::newRow("Berlin, asked at the moment of the change")
        << "*/30 2,3 * * *" << berlin << u"2024-10-27T01:00:00Z"_s << "2024-10-27T03:00:00+01:00";
    QTest::newRow("Berlin, each hour runs in both")
        << "30 * * * *" << berlin << u"2024-10-26T23:40:00Z"_s
        << "2024-10-27T02:30:00+02:00 2024-10-27T02:30:00+01:00 2024-10-27T03:30:00+01:00";
    QTest::newRow("Berlin, a step of hours runs in both")
        << "0 */2 * * *" << berlin << u"2024-10-26T23:40:00Z"_s
        << "2024-10-27T02:00:00+02:00 2024-10-27T02:00:00+01:00 2024-10-27T04:00:00+01:00";
    QTest::newRow("Berlin, all hours as a range are fixed times")
        << "30 0-23 * * *" << berlin << u"2024-10-26T23:40:00Z"_s
        << "2024-10-27T02:30:00+02:00 2024-10-27T03:30:00+01:00";

    // New York 2024: 10 March 02:00 → 03:00, 3 November 02:00 → 01:00.
    const QByteArray newYork = "America/New_York";
    QTest::newRow("New York, spring") << "15 2 * * *" << newYork << u"2024-03-09T12:00:00Z"_s
                                      << "2024-03-10T03:00:00-04:00 2024-03-11T02:15:00-04:00";
    QTest::newRow("New York, autumn") << "15 1 * * *" << newYork << u"2024-11-02T12:00:00Z"_s
                                      << "2024-11-03T01:15:00-04:00 2024-11-04T01:15:00-05:00";
    QTest::newRow("New York, far ahead, by the rule alone") << "15 2 8 3 *" << newYork << u"2053-06-01T00:00:00Z"_s
                                                            << "2054-03-08T03:00:00-04:00 2055-03-08T02:15:00-05:00";

    // Lord Howe 2024: 6 October 02:00 → 02:30, 7 April 02:00 → 01:30.
    const QByteArray lordHowe = "Australia/Lord_Howe";
    QTest::newRow("Lord Howe, half an hour is left out") << "15 2 * * *" << lordHowe << u"2024-10-05T10:00:00Z"_s
                                                         << "2024-10-06T02:30:00+11:00 2024-10-07T02:15:00+11:00";
    QTest::newRow("Lord Howe, the other half is as always")
        << "45 2 * * *" << lordHowe << u"2024-10-05T10:00:00Z"_s << "2024-10-06T02:45:00+11:00";
    QTest::newRow("Lord Howe, half an hour comes twice") << "45 1 * * *" << lordHowe << u"2024-04-06T10:00:00Z"_s
                                                         << "2024-04-07T01:45:00+11:00 2024-04-08T01:45:00+10:30";
    QTest::newRow("Lord Howe, each half hour runs in both")
        << "*/30 * * * *" << lordHowe << u"2024-04-06T14:00:00Z"_s
        << "2024-04-07T01:30:00+11:00 2024-04-07T01:30:00+10:30 2024-04-07T02:00:00+10:30";
    QTest::newRow("Lord Howe, far ahead, where Qt knows no changes but the offset")
        << "0 4 31 5 *" << lordHowe << u"2037-08-25T00:00:00Z"_s
        << "2038-05-31T04:00:00+10:30 2039-05-31T04:00:00+10:30";

    // The clocks jumped from midnight to one o'clock.
    QTest::newRow("Sao Paulo 2018, midnight is jumped over")
        << "0 0 * * *" << QByteArray("America/Sao_Paulo") << u"2018-11-03T12:00:00Z"_s
        << "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00";
    QTest::newRow("Beirut 2022, midnight is jumped over on the one day that is asked for")
        << "0 0 27 3 *" << QByteArray("Asia/Beirut") << u"2022-03-01T00:00:00Z"_s << "2022-03-27T01:00:00+03:00";
    // A whole day was left out: there was no 30 December.
    QTest::newRow("Apia 2011, a day is jumped over")
        << "0 12 * * *" << QByteArray("Pacific/Apia") << u"2011-12-29T00:00:00Z"_s
        << "2011-12-29T12:00:00-10:00 2011-12-31T00:00:00+14:00 2011-12-31T12:00:00+14:00";
}

void TestCronExpression::clockChanges()
{
    QFETCH(QString, text);
    QFETCH(QByteArray, zone);
    QFETCH(QString, after);
    QFETCH(QString, expected);
    QVERIFY2(QTimeZone(zone).isValid(), "the system's time zones (tzdata) are not installed");
    QCOMPARE(nextTimes(text, zone, after, int(expected.count(u' ')) + 1), expected);
}

void TestCronExpression::refusals_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("message");

    QTest::newRow("none") << ""
                          << "has 0 fields; write five";
    QTest::newRow("four fields") << "* * * *"
                                 << "has 4 fields; write five";
    QTest::newRow("seven fields") << "* * * * * * *"
                                  << "has 7 fields; write five";
    QTest::newRow("an unknown macro") << "@reboot"
                                      << "\"@reboot\" is none of @hourly";
    QTest::newRow("too large") << "60 * * * *"
                               << "the field \"minute\" has \"60\"; write 0 to 59,";
    QTest::newRow("too small") << "* * 0 * *"
                               << "the field \"day of the month\" has \"0\"; write 1 to 31,";
    QTest::newRow("a second") << "60 * * * * *"
                              << "the field \"second\" has \"60\"";
    QTest::newRow("a sign") << "-1 * * * *"
                            << "the field \"minute\" has \"-1\"";
    QTest::newRow("not ASCII") << u"\u0661 * * * *"_s << "the field \"minute\" has";
    QTest::newRow("a long name") << "* * * january *"
                                 << "the field \"month\" has \"january\"; write 1 to 12 or jan to dec";
    QTest::newRow("a name of another field") << "* * * mon *"
                                             << "the field \"month\" has \"mon\"";
    QTest::newRow("backwards") << "* 22-2 * * *"
                               << "has the range \"22-2\", which runs backwards; write \"22-23,0-2\"";
    QTest::newRow("backwards by names") << "* * * nov-feb *"
                                        << "write \"11-12,1-2\"";
    QTest::newRow("a step without a range") << "5/10 * * * *"
                                            << "a step without a range; write \"5-59/10\"";
    QTest::newRow("a step of zero") << "*/0 * * * *"
                                    << "has the step \"0\"; write a number from 1 to 59";
    QTest::newRow("a step beyond") << "*/60 * * * *"
                                   << "has the step \"60\"";
    QTest::newRow("no step") << "*/ * * * *"
                             << "has the step \"\"";
    QTest::newRow("an empty item") << "1,,2 * * * *"
                                   << "has a comma too many in \"1,,2\"; remove it";
    QTest::newRow("half a range") << "1- * * * *"
                                  << "the field \"minute\" has \"1-\"";
    QTest::newRow("two dashes") << "1-2-3 * * * *"
                                << "the field \"minute\" has \"1-2-3\"";
    QTest::newRow("a question mark") << "0 0 ? * mon"
                                     << "the field \"day of the month\" is \"?\"; write \"*\"";
    QTest::newRow("the last day") << "0 0 L * *"
                                  << "the field \"day of the month\" has \"L\"";
    QTest::newRow("30 February") << "0 0 30 2 *"
                                 << "asks for a day of the month that none of its months has";
    QTest::newRow("31 of short months") << "0 0 31 2,4,6,9,11 *"
                                        << "none of its months has";
    QTest::newRow("very long") << u"0,"_s.repeated(300) + u"0 * * * *"_s << "has more than 400 characters";
}

void TestCronExpression::refusals()
{
    QFETCH(QString, text);
    QFETCH(QString, message);
    const Result<CronExpression> expression = CronExpression::parse(text);
    QVERIFY(!expression);
    QCOMPARE(expression.error().code(), Error::Invalid);
    QVERIFY2(expression.error().message().contains(message), qPrintable(expression.error().message()));
}

void TestCronExpression::rareDays_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");

    QTest::newRow("29 February over the end of a century that has none") << "0 0 29 2 *"
                                                                         << "2104-02-29T00:00:00Z";
    QTest::newRow("29 February on a Sunday or a Saturday") << "0 0 29 2 */6"
                                                           << "2116-02-29T00:00:00Z";
    QTest::newRow("30 February or a Monday of it") << "0 0 30 2 mon"
                                                   << "2098-02-03T00:00:00Z";
}

void TestCronExpression::rareDays()
{
    QFETCH(QString, text);
    QFETCH(QString, expected);
    QCOMPARE(nextTimes(text, "UTC", u"2097-03-01T00:00:00Z"_s, 1), expected);
    QCOMPARE(CronExpression::parse(u"* * * * *"_s)->next({}, QTimeZone("No/Where")), std::nullopt);
}

void TestCronExpression::isTheSameAsLookingAtEachSecond_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("steps") << "*/7 */13 */5 * * *";
    QTest::newRow("lists") << "1,59 0,58 0,1,22,23 * * *";
    QTest::newRow("days") << "0 30 23 2-4 * sat";
}

void TestCronExpression::isTheSameAsLookingAtEachSecond()
{
    QFETCH(QString, text);
    const CronExpression expression = *CronExpression::parse(text);
    const QTimeZone utc = QTimeZone::utc();
    using namespace std::chrono;
    const sys_seconds begin = sys_days(2024y / 2 / 28);
    const QStringList fields = text.split(u' ');
    const auto field = [&fields](int i) { return cron::parseCronField(cron::FieldKind(i), fields.at(i))->values; };
    const std::array<quint64, 6> values = {field(0), field(1), field(2), field(3), field(4), field(5)};
    sys_seconds last = begin;
    for (sys_seconds time = begin + 1s; time < begin + days(6); time += 1s) {
        const auto day = floor<days>(time);
        const hh_mm_ss clock(time - day);
        const year_month_day date(day);
        const bool fitsDays = fields.at(3) == u"*" || (values[3] >> unsigned(date.day()) & 1) ||
                              (values[5] >> weekday(day).c_encoding() & 1);
        if (fitsDays && (values[0] >> clock.seconds().count() & 1) && (values[1] >> clock.minutes().count() & 1) &&
            (values[2] >> clock.hours().count() & 1)) {
            QCOMPARE(expression.next(last, utc), std::optional(time));
            last = time;
        }
    }
    QVERIFY(last > begin);
}

QTEST_GUILESS_MAIN(TestCronExpression)
#include "tst_cronexpression.moc"
