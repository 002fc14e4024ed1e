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
    QTest::newRow("no ending") << QByteArray("file_types = [\"*.so\"]")
                               << QStringLiteral(
                                      "reload.file_types: holds the string \"*.so\", which is not the ending "
                                      "of a file's name such as \".so\"; correct or remove it");
    QTest::newRow("a dot alone") << QByteArray("file_types = [\".\"]") << QStringLiteral("reload.file_types: holds");
    QTest::newRow("an ending of a path") << QByteArray("file_types = [\"a/b.so\"]")
                                         << QStringLiteral("reload.file_types: holds");
    for (const char *name : {"", "/", ".", "./", "..", "**/node_modules"})
        QTest::addRow("no directory: %s", name)
            << QByteArray("excluded_dirs = [\"") + name + "\"]"
            << QStringLiteral("reload.excluded_dirs: holds the string \"%1\", which is not the name or path of a "
                              "directory such as \"node_modules\" or \"web/build\"; correct or remove it")
                   .arg(QLatin1StringView(name));
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
    loaded.server.reloadFileTypes = {QStringLiteral(".so")};
    loaded.server.reloadExcludedDirs = {QStringLiteral("node_modules")};
    loaded.server.reloadLog = false;
    QCOMPARE(changedKeys(running, loaded, Change::Reload),
             (QStringList{QStringLiteral("reload.watch"), QStringLiteral("reload.paths"),
                          QStringLiteral("reload.file_types"), QStringLiteral("reload.excluded_dirs"),
                          QStringLiteral("reload.log")}));
    const Settings after = afterReload(running, loaded);
    QCOMPARE(static_cast<const ReloadSettings &>(after.server), static_cast<const ReloadSettings &>(loaded.server));
}

QTEST_GUILESS_MAIN(tst_ReloadSettings)
#include "tst_reloadsettings.moc"
