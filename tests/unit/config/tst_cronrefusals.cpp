#include "settingsfile.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;

/// What is told of [[cron]] entries that are wrong.
class tst_CronRefusals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneMistake_data();
    void oneMistake();
    void tooMany();
};

namespace {

/// The mistake stands in line 3 of an entry with a job, or in the line that is said.
void jobRow(const char *lines, const char *text, int line = 3)
{
    QTest::newRow(lines) << QByteArray("[[cron]]\njob = \"a\"\n") + lines + '\n'
                         << u"quern.toml:%1: cron.%2"_s.arg(line).arg(QString::fromUtf8(text));
}

void fileRow(const char *toml, const char *text)
{
    QTest::newRow(toml) << QByteArray(toml) << u"quern.toml:"_s + QString::fromUtf8(text);
}

} // namespace

void tst_CronRefusals::oneMistake_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("message");

    jobRow("intervall = 5", "intervall: unknown key; did you mean interval?");
    jobRow(
        "name = \"a b\"",
        "name: must be a name of letters, digits, \"_\" and \"-\", not the string \"a b\"; write name = \"cleanup\"");
    jobRow("interval = 0", "interval: must be a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", "
                           "\"1h\", \"1d\", from 1 ms to 24 days, not 0; write interval = 1");
    jobRow("interval = 0.25",
           "interval: must be a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", "
           "\"1h\", \"1d\", from 1 ms to 24 days, not 0.25; write interval = 250");
    jobRow("interval = \"25d\"",
           "interval: must be a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", \"1h\", \"1d\", "
           "from 1 ms to 24 days, not the string \"25d\"; write interval = \"24d\"");
    jobRow("interval = \"often\"",
           "interval: must be a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", \"1h\", \"1d\", "
           "from 1 ms to 24 days, not the string \"often\"; write interval = 1000");
    jobRow("interval = \"1 h\"",
           "interval: must be a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", \"1h\", \"1d\", "
           "from 1 ms to 24 days, not the string \"1 h\"; write interval = \"1h\"");
    jobRow("interval = \"90 Minutes\"",
           "interval: must be a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", \"1h\", \"1d\", "
           "from 1 ms to 24 days, not the string \"90 Minutes\"; write interval = \"90m\"");
    jobRow("timeout = \"1 h\"", "timeout: must be a number of seconds up to 86400, or 0 for no limit, not the string "
                                "\"1 h\"; write timeout = 3600");
    jobRow("expression = 5",
           "expression: must be a cron expression in quotes, not 5; write expression = \"0 3 * * *\"");
    jobRow("expression = \"0 25 * * *\"", "expression: the field \"hour\" has \"25\"; write 0 to 23, a range such as "
                                          "\"0-4\", or \"*\"");
    jobRow("expression = \"0 0 30 2 *\"",
           "expression: asks for a day of the month that none of its months has; change the field \"day of the month\" "
           "or the field \"month\"");
    jobRow("expression = \"@daily\"\ntimezone = \"Europe/Berlinn\"",
           "timezone: must be the name of a time zone that this system knows, not the string \"Europe/Berlinn\"; write "
           "timezone = \"Europe/Berlin\"",
           4);
    jobRow("immediate = 1", "immediate: must be true or false, not 1; write immediate = true");
    jobRow("parameters = 1", "parameters: must be a table, not 1; write parameters = { keep_days = 30 }");
    jobRow("overlap = true\noverlap_max = 1",
           "overlap_max: must be an integer from 2 to 64, not 1; write overlap_max = 2", 4);
    jobRow("overlap_max = 2",
           "overlap_max: holds for runs that overlap, and these do not; write overlap = true beside it");
    jobRow("missed = \"all\"",
           "missed: must be one of \"skip\", \"once\", \"catch-up\", not the string \"all\"; write missed = \"skip\"");
    jobRow("timeout = -1",
           "timeout: must be a number of seconds up to 86400, or 0 for no limit, not -1; write timeout = 60");
    jobRow("interval = 5\ncommand = \"b\"", "command: an entry runs a job or a command; remove one", 4);
    jobRow("interval = 5\nexpression = \"@daily\"", "expression: an entry has an interval or an expression; remove one",
           4);
    jobRow("timezone = \"UTC\"", "timezone: is that of an expression, and there is none; write expression = "
                                 "\"0 3 * * *\" beside it, or remove it");
    jobRow("[[cron]]\njob = \"a\"", "job: another cron job is called \"a\" already; write name = \"a-2\"", 4);

    fileRow(
        "[[cron]]\ninterval = 5\n",
        "1: cron: runs nothing; write job = \"cleanup\", a name that a plugin registers with app.cron(), or command "
        "= [\"/usr/bin/backup\"]");
    fileRow("[[cron]]\ncommand = \"a\"\n",
            "1: cron: is never due; write interval = 60000 or expression = \"0 3 * * *\"");
    fileRow("[[cron]]\ninterval = 5\ncommand = \"a\"\nparameters = {}\n",
            "4: cron.parameters: are for a job, and a command has its arguments; remove them");
    fileRow("[[cron]]\ninterval = 5\ncommand = \"a | b\"\n",
            "3: cron.command: has a \"|\", and there is no shell to understand it; put it into single quotes, or write "
            "command = [\"sh\", \"-c\", \"…\"]");
    fileRow("[[cron]]\ninterval = 5\ncommand = \"a 'b\"\n",
            "3: cron.command: has a quote that does not end; write another ' behind it");
    fileRow("[[cron]]\ninterval = 5\ncommand = \" \"\n",
            "3: cron.command: names no program; write command = [\"/usr/bin/backup\", \"-v\"]");
    fileRow("[[cron]]\ninterval = 5\ncommand = []\n",
            "3: cron.command: is empty, and names no program; write command = [\"/usr/bin/backup\", \"-v\"]");
    fileRow("[[cron]]\ninterval = 5\ncommand = [\"a\", 1]\n",
            "3: cron.command: must be a program and its arguments, at most 100 strings, not an array; write command = "
            "[\"/usr/bin/backup\", \"-v\"]");
    fileRow("[[cron]]\ninterval = 5\ncommand = \"/usr/bin/b.sh\"\n",
            "3: cron.command: gives the entry no name of letters, digits, \"_\" and \"-\"; write name = \"cron-1\" "
            "beside it");
    fileRow("[cron]\njob = \"a\"\n",
            "1: cron: must be a list of tables, not a table; write [[cron]], in double brackets");
    fileRow("cron = [1]\n", "1: cron: must be a list of tables, not of 1; write [[cron]], in double brackets");
    fileRow("[[crom]]\njob = \"a\"\n", "1: crom: unknown table; did you mean [[cron]]?");
}

void tst_CronRefusals::oneMistake()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, message);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(toml);
    QVERIFY(!settings.ok());
    QCOMPARE(settings.error().message(), message);
}

void tst_CronRefusals::tooMany()
{
    const SettingsFile file;
    QByteArray toml;
    for (qsizetype i = 0; i < mostCronJobs; ++i)
        toml += "[[cron]]\njob = \"a" + QByteArray::number(i) + "\"\n";
    QVERIFY(SettingsFile::load(toml));
    const Result<Settings> settings = SettingsFile::load(toml + "[[cron]]\njob = \"a\"\n");
    QVERIFY(!settings.ok());
    QCOMPARE(settings.error().message(), u"quern.toml:501: cron: there are more than 250 cron jobs; remove some"_s);
}

QTEST_GUILESS_MAIN(tst_CronRefusals)
#include "tst_cronrefusals.moc"
