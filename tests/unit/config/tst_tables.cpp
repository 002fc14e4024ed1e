#include "settingsfile.h"

#include "config/describe.h"
#include "config/difference.h"
#include "config/effective.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;

namespace {

const QByteArray sample = R"([[table]]
name = "prices"
size = 1000
columns = { price = "int", qty = "int:4", rate = "float", "a b" = "string:64" }

[[table]]
name = "sessions.2"
[table.columns]
user = "string:65536"
age = "int:1"

[[atomic]]
name = "visits"

[[atomic]]
name = "errors"
value = -5
)";

} // namespace

class TestTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void read();
    void refusals_data();
    void refusals();
    void described();
    void survivesEffective();
    void changesNeedRestart();
    void sampleInDefaultFile();

private:
    SettingsFile m_file;
};

void TestTables::read()
{
    using Type = ColumnSettings::Type;
    const Result<Settings> settings = m_file.load(sample);
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    const QList<TableSettings> tables = {
        {QStringLiteral("prices"),
         1000,
         {{QStringLiteral("a b"), Type::String, 64},
          {QStringLiteral("price"), Type::Int, 8},
          {QStringLiteral("qty"), Type::Int, 4},
          {QStringLiteral("rate"), Type::Float, 8}}},
        {QStringLiteral("sessions.2"),
         1024,
         {{QStringLiteral("age"), Type::Int, 1}, {QStringLiteral("user"), Type::String, 65536}}}};
    QCOMPARE(settings->tables, tables);
    const QList<AtomicSettings> atomics = {{QStringLiteral("visits"), 0}, {QStringLiteral("errors"), -5}};
    QCOMPARE(settings->atomics, atomics);
    QCOMPARE(settings->origins.value(QStringLiteral("table[0].size")), QStringLiteral("quern.toml:3"));
}

void TestTables::refusals_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("problem");

    const QByteArray columns = "columns = { a = \"int\" }\n";
    QTest::newRow("no list") << QByteArray("[table]\nname = \"a\"\n")
                             << QStringLiteral("quern.toml:1: table: must be a list of tables, not a table; write "
                                               "[[table]], in double brackets");
    QTest::newRow("no name") << "[[table]]\n" + columns
                             << QStringLiteral("quern.toml:1: table: has no name; write name = \"prices\"");
    QTest::newRow("bad name") << "[[table]]\nname = \"a b\"\n" + columns
                              << QStringLiteral("quern.toml:2: table.name: must be a name of letters, digits, \"_\", "
                                                "\"-\" and \".\", not the string \"a b\"; write name = \"prices\"");
    QTest::newRow("no columns") << QByteArray("[[table]]\nname = \"a\"\n")
                                << QStringLiteral("quern.toml:1: table: has no columns; write columns = { price = "
                                                  "\"int\", title = \"string:64\" }");
    QTest::newRow("empty columns") << QByteArray("[[table]]\nname = \"a\"\ncolumns = {}\n")
                                   << QStringLiteral("quern.toml:3: table.columns: must be a table with a type for "
                                                     "each column, not a table; write columns = { price = \"int\", "
                                                     "title = \"string:64\" }");
    const QString type = QStringLiteral("quern.toml:3: table.columns.a: must be a type: \"int\", \"int:1\", \"int:2\", "
                                        "\"int:4\", \"float\", or \"string:N\" for N bytes, 1 to 65536, not %1; write "
                                        "columns.a = \"%2\"");
    const auto column = [](const char *text) {
        return QByteArray("[[table]]\nname = \"a\"\ncolumns = { a = ") + text + " }\n";
    };
    QTest::newRow("unknown type") << column("\"text\"")
                                  << type.arg(QStringLiteral("the string \"text\""), QStringLiteral("int"));
    QTest::newRow("string without length")
        << column("\"string\"") << type.arg(QStringLiteral("the string \"string\""), QStringLiteral("string:64"));
    QTest::newRow("string too long") << column("\"string:65537\"")
                                     << type.arg(QStringLiteral("the string \"string:65537\""),
                                                 QStringLiteral("string:64"));
    QTest::newRow("odd width") << column("\"int:3\"")
                               << type.arg(QStringLiteral("the string \"int:3\""), QStringLiteral("int"));
    QTest::newRow("number as a type") << column("8") << type.arg(QStringLiteral("8"), QStringLiteral("int"));
    QTest::newRow("no rows") << "[[table]]\nname = \"a\"\nsize = 0\n" + columns
                             << QStringLiteral("quern.toml:3: table.size: must be an integer from 1 to 16777216, not "
                                               "0; write size = 1");
    QTest::newRow("too many rows") << "[[table]]\nname = \"a\"\nsize = 20000000\n" + columns
                                   << QStringLiteral("quern.toml:3: table.size: must be an integer from 1 to "
                                                     "16777216, not 20000000; write size = 16777216");
    QTest::newRow("twice") << "[[table]]\nname = \"a\"\n" + columns + "[[table]]\nname = \"a\"\n" + columns
                           << QStringLiteral("quern.toml:5: table.name: another one is called \"a\" already; give it "
                                             "another name");
    QTest::newRow("unknown key") << "[[table]]\nname = \"a\"\nsizes = 5\n" + columns
                                 << QStringLiteral("quern.toml:3: table.sizes: unknown key; did you mean size?");
    QTest::newRow("atomic twice") << QByteArray("[[atomic]]\nname = \"a\"\n[[atomic]]\nname = \"a\"\n")
                                  << QStringLiteral("quern.toml:4: atomic.name: another one is called \"a\" already; "
                                                    "give it another name");
    QTest::newRow("atomic of a fraction")
        << QByteArray("[[atomic]]\nname = \"a\"\nvalue = 1.5\n")
        << QStringLiteral("quern.toml:3: atomic.value: must be an integer from -9223372036854775808 to "
                          "9223372036854775807, not 1.5; write value = 0");
    QTest::newRow("misspelt") << QByteArray("[[tabel]]\nname = \"a\"\n")
                              << QStringLiteral("quern.toml:1: tabel: unknown table; did you mean [[table]]?");
}

void TestTables::refusals()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, problem);
    const Result<Settings> settings = m_file.load(text);
    QVERIFY(!settings);
    QCOMPARE(settings.error().message(), problem);
}

void TestTables::described()
{
    const Result<Settings> settings = m_file.load(sample);
    QStringList lines;
    for (const SettingInfo &info : describe(*settings)) {
        if (info.key.startsWith(u"table[") || info.key.startsWith(u"atomic["))
            lines.append(QStringLiteral("%1 = %2 # %3").arg(info.key, info.value, info.origin));
    }
    QCOMPARE(lines.size(), 10);
    QCOMPARE(lines[1], QStringLiteral("table[0].size = 1000 # quern.toml:3"));
    QCOMPARE(lines[2], QStringLiteral("table[0].columns = { \"a b\" = \"string:64\", price = \"int\", qty = \"int:4\", "
                                      "rate = \"float\" } # quern.toml:4"));
    QCOMPARE(lines[4], QStringLiteral("table[1].size = 1024 # default"));
    QCOMPARE(lines[9], QStringLiteral("atomic[1].value = -5 # quern.toml:17"));
}

void TestTables::survivesEffective()
{
    const Result<Settings> settings = m_file.load(sample);
    const Result<Settings> again = m_file.load(effectiveToml(*settings, Secrets::Shown));
    QVERIFY2(again.ok(), again ? "" : qPrintable(again.error().message()));
    QCOMPARE(again->tables, settings->tables);
    QCOMPARE(again->atomics, settings->atomics);
}

void TestTables::changesNeedRestart()
{
    const Result<Settings> running = m_file.load(sample);
    QByteArray changed = sample;
    changed.replace("size = 1000", "size = 2000");
    changed.replace("sessions.2", "sessions");
    changed.replace("-5", "7");
    const Result<Settings> loaded = m_file.load(changed);
    QCOMPARE(changedKeys(*running, *loaded, Change::Restart),
             QStringList({QStringLiteral("table prices"), QStringLiteral("table sessions.2"),
                          QStringLiteral("table sessions"), QStringLiteral("atomic errors")}));
    QVERIFY(changedKeys(*running, *loaded, Change::Reload).isEmpty());
    QVERIFY(changedKeys(*running, *running, Change::Restart).isEmpty());
    const Settings kept = afterReload(*running, *loaded);
    QCOMPARE(kept.tables, running->tables);
    QCOMPARE(kept.atomics, running->atomics);
    QCOMPARE(kept.origins.value(QStringLiteral("table[0].size")), QStringLiteral("quern.toml:3"));
}

void TestTables::sampleInDefaultFile()
{
    QFile file(QStringLiteral(QUERN_DEFAULT_FILE));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    const qsizetype start = text.indexOf("\n#[[table]]\n");
    QVERIFY(start > 0);
    QByteArray active;
    for (const QByteArray &line : text.mid(start + 1).split('\n')) {
        if (line.startsWith('#') && !line.startsWith("# "))
            active += line.mid(1) + '\n';
    }
    const Result<Settings> settings = m_file.load(active);
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->tables.size(), 1);
    QCOMPARE(settings->tables[0].size, TableSettings().size);
    QCOMPARE(settings->tables[0].columns.size(), 4);
    QCOMPARE(settings->atomics, (QList<AtomicSettings>{{QStringLiteral("visits"), 0}}));
}

QTEST_GUILESS_MAIN(TestTables)
#include "tst_tables.moc"
