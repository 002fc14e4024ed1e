#include "app/server/watchplan.h"

#include <QTest>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

namespace Quern::app {

/// In place of the one of the management API.
QString auditLogFile(const config::Settings &settings)
{
    return settings.server.adminAuditLog;
}

} // namespace Quern::app

/// What is watched for changes, and what is not.
class TestWatchPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsWatched();
    void whatIsChosenInDirectories();
};

void TestWatchPlan::whatIsWatched()
{
    config::Settings settings;
    settings.filePath = u"/srv/shop/quern.toml"_s;
    settings.directory = u"/srv/shop"_s;
    settings.environmentFiles = {u"/srv/shop/.env.prod"_s, u"/srv/shop/.env"_s};
    settings.server.reloadPaths = {u"templates/"_s, u"../shared"_s, u"/etc/shop.conf"_s};
    settings.server.runtimeDir = u"/srv/shop/run"_s;
    settings.server.logFile = u"/srv/shop/shop.log"_s;
    settings.server.accessLog = u"/srv/shop/access.log"_s;
    settings.server.uploadTmpDir = u"/srv/shop/uploads"_s;
    settings.server.adminAuditLog = u"/srv/shop/audit"_s;
    config::SocketSettings socket;
    socket.own.accessLog = u"/srv/shop/second.log"_s;
    settings.sockets.append(socket);
    const watch::WatchPlan plan = app::watchPlan(settings, {u"/opt/libshop.so"_s});
    QCOMPARE(plan.files, (QStringList{u"/srv/shop/quern.toml"_s, u"/opt/libshop.so"_s}));
    QCOMPARE(plan.paths, (QStringList{u"/srv/shop/.env"_s, u"/srv/shop/.env.prod"_s, u"/srv/shop/templates"_s,
                                      u"/srv/shared"_s, u"/etc/shop.conf"_s}));
    for (const QString &written :
         {u"/srv/shop/run/control.sock"_s, u"/srv/shop/shop.log.1"_s, u"/srv/shop/access.log"_s,
          u"/srv/shop/uploads/1"_s, u"/srv/shop/run/tasks.db-wal"_s, u"/srv/shop/audit"_s, u"/srv/shop/second.log"_s})
        QVERIFY2(plan.ignores(written), qPrintable(written));
    for (const QString &other : {u"/srv/shop/running"_s, u"/srv/shop/templates/page.html"_s, u"/srv/shop/shop.logic"_s})
        QVERIFY2(!plan.ignores(other), qPrintable(other));
    // Without a file there are its defaults.
    settings.filePath.clear();
    QVERIFY(!app::watchPlan(settings, {}).files.contains(QString()));
}

void TestWatchPlan::whatIsChosenInDirectories()
{
    config::Settings settings;
    settings.directory = u"/srv/shop"_s;
    settings.server.runtimeDir = u"/run/shop"_s;
    QVERIFY(app::watchPlan(settings, {}).isLogged);
    QVERIFY(app::watchPlan(settings, {}).takesFile(u"/srv/shop/web/a.txt"_s));
    settings.server.reloadLog = false;
    settings.server.reloadFileTypes = {u".so"_s, u"html"_s};
    settings.server.reloadExcludedDirs = {u"node_modules"_s, u"cache/"_s,     u"web/build"_s,
                                          u"./dist"_s,       u"../shared/"_s, u"/opt/old/"_s};
    const watch::WatchPlan plan = app::watchPlan(settings, {});
    QVERIFY(!plan.isLogged);
    QCOMPARE(plan.own, u"/run/shop"_s);
    for (const QString &file : {u"/srv/shop/web/a.so"_s, u"/srv/shop/web/b.min.html"_s})
        QVERIFY2(plan.takesFile(file), qPrintable(file));
    for (const QString &file : {u"/srv/shop/web/a.so.1"_s, u"/srv/shop/web/ahtml"_s, u"/srv/shop/web/a.HTML"_s,
                                u"/srv/shop/web/.html"_s, u"/srv/shop/web/Makefile"_s})
        QVERIFY2(!plan.takesFile(file), qPrintable(file));
    for (const QString &directory : {u"/srv/shop/node_modules"_s, u"/srv/shop/a/b/node_modules"_s, u"/opt/x/cache"_s,
                                     u"/srv/shop/web/build"_s, u"/srv/shop/dist"_s, u"/srv/shared"_s, u"/opt/old"_s})
        QVERIFY2(!plan.takesDirectory(directory), qPrintable(directory));
    // A path is no name, and no other one's beginning.
    for (const QString &directory : {u"/srv/shop/build"_s, u"/srv/shop/web/dist"_s, u"/srv/shop/web/builds"_s,
                                     u"/srv/shop/shared"_s, u"/srv/shop/node_modules2"_s})
        QVERIFY2(plan.takesDirectory(directory), qPrintable(directory));
}

QTEST_GUILESS_MAIN(TestWatchPlan)
#include "tst_watchplan.moc"
