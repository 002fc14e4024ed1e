#include "settingsfile.h"

#include "config/difference.h"

using namespace Quern;
using namespace Quern::config;

/// What [reload] may say, beside what tst_keytables reads.
class tst_ReloadSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusals_data();
    void refusals();
    void aReloadChangesThem();
};

void tst_ReloadSettings::refusals_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("expected");
    QTest::newRow("no flag") << QByteArray("watch = \"yes\"")
                             << QStringLiteral("reload.watch: must be true or false, not the string \"yes\"; write "
                                               "watch = false");
    QTest::newRow("no path") << QByteArray("paths = [\"a\", \"\"]")
                             << QStringLiteral(
                                    "reload.paths: holds the string \"\", which is not the path of a file or "
                                    "directory such as \"templates\"; correct or remove it");
    QTest::newRow("twice") << QByteArray("paths = [\"a\", \"a\"]") << QStringLiteral("reload.paths: ");
    QTest::newRow("another key") << QByteArray("wacth = true")
                                 << QStringLiteral("reload.wacth: unknown key; did you mean watch");
}

void tst_ReloadSettings::refusals()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, expected);
    checkRefused("[reload]\n" + line + '\n', QStringLiteral("quern.toml:2: ") + expected);
}

void tst_ReloadSettings::aReloadChangesThem()
{
    Settings running;
    Settings loaded;
    loaded.server.reloadWatch = true;
    loaded.server.reloadPaths = {QStringLiteral("templates")};
    QCOMPARE(changedKeys(running, loaded, Change::Reload),
             (QStringList{QStringLiteral("reload.watch"), QStringLiteral("reload.paths")}));
    const Settings after = afterReload(running, loaded);
    QVERIFY(after.server.reloadWatch);
    QCOMPARE(after.server.reloadPaths, loaded.server.reloadPaths);
}

QTEST_GUILESS_MAIN(tst_ReloadSettings)
#include "tst_reloadsettings.moc"
