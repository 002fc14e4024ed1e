#include "settingsfile.h"

#include "config/difference.h"
#include "config/keytable.h"

using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;

/// What user, group, chroot, umask and child_limits refuse, and what they look like when they are shown.
class tst_ChildSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refused_data();
    void refused();
    void textReadsBack_data();
    void textReadsBack();
    void whatAReloadChanges();
};

void tst_ChildSettings::refused_data()
{
    QTest::addColumn<QString>("message");
    const auto row = [](const char *line, const QString &message) { QTest::newRow(line) << message; };
    const QString user = u"user: must be the name or the number of a user, not %1; write user = \"quern\""_s;
    row("user = true", user.arg(u"true"));
    row("user = \"a b\"", user.arg(u"the string \"a b\""));
    row("user = -1", user.arg(u"-1"));
    row("user = 4294967295", user.arg(u"4294967295"));
    row("group = \"www-data\"", u"group: binds nobody who is root; write user = \"quern\" beside it"_s);
    row("chroot = \"/srv\"", u"chroot: binds nobody who is root; write user = \"quern\" beside it"_s);
    const QString mask =
        u"umask: must be the octal digits of a mask in quotes, from \"0000\" to \"0077\", not %1; write umask = %2"_s;
    row("umask = 27", mask.arg(u"27", u"\"0027\""));
    row("umask = 0o22", mask.arg(u"18", u"\"0027\""));
    row("umask = \"0277\"", mask.arg(u"the string \"0277\"", u"\"0027\""));
    row("umask = \"0028\"", mask.arg(u"the string \"0028\"", u"\"0027\""));
    row("child_limits = 4096",
        u"child_limits: must be a table of limits, not 4096; write child_limits = { nofile = 4096, core = 0 }"_s);
    row("child_limits = { nofil = 500 }", u"child_limits.nofil: unknown key; did you mean nofile?"_s);
    const QString files = u"child_limits.nofile: must be an integer from 64 to 1073741824, or \"unlimited\", not %1; "
                          u"write nofile = 4096"_s;
    row("child_limits = { nofile = 63 }", files.arg(u"63"));
    row("child_limits = { nofile = \"1K\" }", files.arg(u"the string \"1K\""));
    const QString bytes =
        u"child_limits.%1: must be a number of bytes or a string such as \"512M\" or \"2G\", from %2 to "
        u"\"1048576G\", or \"unlimited\", not %3; write %1 = %4"_s;
    row("child_limits = { as = \"63M\" }", bytes.arg(u"as", u"\"64M\"", u"the string \"63M\"", u"\"2G\""));
    row("child_limits = { core = -1 }", bytes.arg(u"core", u"0", u"-1", u"0"));
    row("child_limits = { fsize = 0 }", bytes.arg(u"fsize", u"1", u"0", u"\"1G\""));
}

void tst_ChildSettings::refused()
{
    QFETCH(const QString, message);
    const SettingsFile file;
    const auto settings = SettingsFile::load(QByteArray("[server]\nbacklog = 7\n") + QTest::currentDataTag() + '\n');
    QVERIFY(!settings);
    QCOMPARE(settings.error().message(), u"quern.toml:3: server."_s + message);
}

void tst_ChildSettings::textReadsBack_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("text");
    QTest::newRow("user") << u"user"_s << u"\"33\""_s;
    QTest::newRow("umask") << u"umask"_s << u"\"0027\""_s;
    QTest::newRow("child_limits")
        << u"child_limits"_s << u"{ nofile = 4096, nproc = 64, as = \"1G\", core = \"unlimited\", fsize = 1000 }"_s;
}

void tst_ChildSettings::textReadsBack()
{
    QFETCH(const QString, key);
    QFETCH(const QString, text);
    const SettingsFile file;
    const auto settings = SettingsFile::load(u"[server]\n%1 = %2\n"_s.arg(key, text).toUtf8());
    QVERIFY2(settings.ok(), qPrintable(messageOf(settings)));
    QCOMPARE(valueText(findServerKey(key)->rule, settings->server), text);
}

void tst_ChildSettings::whatAReloadChanges()
{
    const SettingsFile file;
    const auto running = SettingsFile::load("[server]\nuser = \"a\"\n");
    const auto loaded = SettingsFile::load("[server]\nuser = \"b\"\ngroup = \"c\"\nchroot = \"/d\"\numask = \"0077\"\n"
                                           "child_limits = { core = 0 }\n");
    QVERIFY(running && loaded);
    const Settings after = afterReload(*running, *loaded);
    QCOMPARE(after.server.user, u"a"_s);
    QVERIFY(after.server.group.isEmpty() && after.server.chroot.isEmpty());
    QCOMPARE(after.server.childMask, std::optional<mode_t>(077));
    QCOMPARE(after.server.childLimits.coreSize, std::optional<quint64>(0));
    QCOMPARE(changedKeys(*running, *loaded, Change::Restart),
             QStringList({u"server.user"_s, u"server.group"_s, u"server.chroot"_s}));
}

QTEST_GUILESS_MAIN(tst_ChildSettings)
#include "tst_childsettings.moc"
