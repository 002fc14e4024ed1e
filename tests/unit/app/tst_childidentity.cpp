#include "app/host/childidentity.h"
#include "app/host/trustedpath.h"
#include "app/server/doctor/childchecks.h"
#include "config/loader.h"

#include <QDir>
#include <QFile>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::app;

/// Who the child processes become, what they can reach, and what is wrong with that.
class tst_ChildIdentity : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void nobodyElse();
    void accounts();
    void foldersOfTheEnvironment();
    void problems_data();
    void problems();
    void pathsInAnotherRoot();
    void whatTheUserMayUse();
    void limits();
    void theRuntimeDirectory();
    void whatTheUserCouldChange_data();
    void whatTheUserCouldChange();
    void linksOnTheWay();
    void theMastersPlaces();
    void theDoctor();

private:
    QString path(const QString &name) const { return m_folder->filePath(name); }
    void make(const QString &name, mode_t mode, uid_t owner = 0) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    config::ServerSettings m_server;
};

void tst_ChildIdentity::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_server = config::defaults(m_folder->path()).server;
    if (::geteuid() != 0)
        QSKIP("only root can give its children another user");
    QCOMPARE(::chmod(QFile::encodeName(m_folder->path()).constData(), 0755), 0);
}

void tst_ChildIdentity::make(const QString &name, mode_t mode, uid_t owner) const
{
    QVERIFY(QDir().mkpath(path(name)));
    const QByteArray folder = QFile::encodeName(path(name));
    QVERIFY(::chmod(folder.constData(), mode) == 0 && ::chown(folder.constData(), owner, gid_t(-1)) == 0);
}

void tst_ChildIdentity::nobodyElse()
{
    const Result<ipc::Confinement> confinement = confinementOf(m_server);
    QVERIFY(confinement);
    QCOMPARE(*confinement, ipc::Confinement());
    QVERIFY(!childProblem(m_server));
    QVERIFY(accountEnvironment(m_server).isEmpty());
}

void tst_ChildIdentity::accounts()
{
    m_server.user = QStringLiteral("nobody");
    const Result<std::optional<ChildIdentity>> named = childIdentity(m_server);
    QVERIFY(named && *named);
    QCOMPARE((*named)->ids.uid, uid_t(65534));
    QVERIFY(!(*named)->ids.groups.empty());
    QCOMPARE(accountEnvironment(m_server).value(QStringLiteral("USER")), QStringLiteral("nobody"));

    m_server.user = QStringLiteral("65534");
    const Result<std::optional<ChildIdentity>> numbered = childIdentity(m_server);
    QVERIFY(numbered && *numbered);
    QCOMPARE((*numbered)->ids, (*named)->ids);

    m_server.user = QStringLiteral("54321");
    m_server.group = QStringLiteral("54322");
    const Result<std::optional<base::Identity>> unknown = childUser(m_server);
    QVERIFY(unknown && *unknown);
    QCOMPARE(**unknown, (base::Identity{54321, 54322, {54322}}));
}

void tst_ChildIdentity::foldersOfTheEnvironment()
{
    make(QStringLiteral("tmp"), 01777);
    make(QStringLiteral("own"), 0700);
    m_server.user = QStringLiteral("nobody");
    const auto restore = qScopeGuard([tmp = qgetenv("TMPDIR"), run = qgetenv("XDG_RUNTIME_DIR")] {
        tmp.isNull() ? qunsetenv("TMPDIR") : qputenv("TMPDIR", tmp);
        run.isNull() ? qunsetenv("XDG_RUNTIME_DIR") : qputenv("XDG_RUNTIME_DIR", run);
    });
    qputenv("TMPDIR", QFile::encodeName(path(QStringLiteral("tmp"))));
    qputenv("XDG_RUNTIME_DIR", QFile::encodeName(path(QStringLiteral("own"))));
    const QMap<QString, QString> environment = accountEnvironment(m_server);
    QVERIFY(!environment.contains(QStringLiteral("TMPDIR")));
    QVERIFY(environment.contains(QStringLiteral("XDG_RUNTIME_DIR")));
    QCOMPARE(environment.value(QStringLiteral("XDG_RUNTIME_DIR")), QString());
    qputenv("TMPDIR", QFile::encodeName(path(QStringLiteral("own"))));
    QVERIFY(accountEnvironment(m_server).contains(QStringLiteral("TMPDIR")));
}

void tst_ChildIdentity::problems_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("group");
    QTest::addColumn<QString>("key");
    QTest::newRow("no such user") << "no-such-user" << QString() << "server.user";
    QTest::newRow("no such group") << "nobody"
                                   << "no-such-group"
                                   << "server.group";
    QTest::newRow("a number without an account") << "54321" << QString() << "server.user";
    QTest::newRow("root") << "root" << QString() << "server.user";
    QTest::newRow("root by its number") << "0"
                                        << "nogroup"
                                        << "server.user";
}

void tst_ChildIdentity::problems()
{
    QFETCH(const QString, user);
    QFETCH(const QString, group);
    QFETCH(const QString, key);
    m_server.user = user;
    m_server.group = group;
    const std::optional<ChildProblem> problem = childProblem(m_server);
    QVERIFY(problem);
    QCOMPARE(problem->key, key);
    QVERIFY(!problem->mend.isEmpty());
    // Nobody may take it for "no other user".
    QVERIFY(!childUser(m_server));
    const Result<ipc::Confinement> confinement = confinementOf(m_server);
    QVERIFY(!confinement);
    QVERIFY(confinement.error().message().startsWith(key + QStringLiteral(": ")));
}

void tst_ChildIdentity::pathsInAnotherRoot()
{
    make(QStringLiteral("jail/uploads"), 0755);
    make(QStringLiteral("jailed"), 0755);
    QCOMPARE(seenByChild(m_server, path(QStringLiteral("x"))), path(QStringLiteral("x")));
    m_server.chroot = path(QStringLiteral("jail"));
    QCOMPARE(seenByChild(m_server, path(QStringLiteral("jail/uploads"))), QStringLiteral("/uploads"));
    QCOMPARE(seenByChild(m_server, path(QStringLiteral("jail/tasks.db-payloads"))),
             QStringLiteral("/tasks.db-payloads"));
    QVERIFY(!seenByChild(m_server, path(QStringLiteral("jailed"))));
    QVERIFY(!seenByChild(m_server, path(QStringLiteral("jail"))));
    QVERIFY(!seenByChild(m_server, QStringLiteral("/tmp")));
    // A link is where it leads to.
    QVERIFY(QFile::link(path(QStringLiteral("jail/uploads")), path(QStringLiteral("link"))));
    QCOMPARE(seenByChild(m_server, path(QStringLiteral("link"))), QStringLiteral("/uploads"));
    QVERIFY(QFile::link(path(QStringLiteral("jailed")), path(QStringLiteral("jail/out"))));
    QVERIFY(!seenByChild(m_server, path(QStringLiteral("jail/out"))));
}

void tst_ChildIdentity::whatTheUserMayUse()
{
    const base::Identity user = {54321, 54321, {}};
    make(QStringLiteral("closed"), 0700);
    make(QStringLiteral("closed/own"), 0700, user.uid);
    make(QStringLiteral("own"), 0700, user.uid);
    make(QStringLiteral("readable"), 0755);
    QVERIFY(mayUse(m_server, user, path(QStringLiteral("own"))));
    QVERIFY(!mayUse(m_server, user, path(QStringLiteral("readable"))));
    QVERIFY(!mayUse(m_server, user, path(QStringLiteral("closed/own"))));
    QVERIFY(!mayUse(m_server, user, path(QStringLiteral("nothing"))));
    // What lies above the root folder is in nobody's way.
    make(QStringLiteral("closed/jail"), 0755);
    make(QStringLiteral("closed/jail/own"), 0700, user.uid);
    m_server.chroot = path(QStringLiteral("closed/jail"));
    QVERIFY(mayUse(m_server, user, path(QStringLiteral("closed/jail/own"))));
    QVERIFY(!mayUse(m_server, user, path(QStringLiteral("own"))));
}

void tst_ChildIdentity::limits()
{
    m_server.childLimits.coreSize = 0;
    m_server.childLimits.addressSpace = config::ChildLimits::Unlimited;
    m_server.childMask = 027;
    const Result<ipc::Confinement> confinement = confinementOf(m_server);
    QVERIFY(confinement);
    QCOMPARE(confinement->mask, std::optional<mode_t>(027));
    QCOMPARE(confinement->limits,
             (QList<ipc::Confinement::Limit>{{QStringLiteral("as"), ipc::Confinement::Limit::Unlimited},
                                             {QStringLiteral("core"), 0}}));
    m_server.childLimits.openFiles = config::ChildLimits::Unlimited;
    const std::optional<ChildProblem> problem = childProblem(m_server);
    QVERIFY(problem);
    QCOMPARE(problem->key, QStringLiteral("server.child_limits"));
}

void tst_ChildIdentity::theRuntimeDirectory()
{
    m_server.runtimeDir = path(QStringLiteral("run"));
    make(QStringLiteral("run"), 0700);
    const auto stateOf = [this] {
        struct stat status = {};
        ::stat(QFile::encodeName(m_server.runtimeDir).constData(), &status);
        return std::pair(status.st_mode & 07777, status.st_gid);
    };
    m_server.user = QStringLiteral("54321");
    m_server.group = QStringLiteral("54322");
    QVERIFY(letChildrenPass(m_server));
    QCOMPARE(stateOf(), std::pair(mode_t(0710), gid_t(54322)));
    m_server.user.clear();
    QVERIFY(letChildrenPass(m_server));
    QCOMPARE(stateOf().first, mode_t(0700));
}

void tst_ChildIdentity::whatTheUserCouldChange_data()
{
    QTest::addColumn<uint>("folderOwner");
    QTest::addColumn<uint>("folderMode");
    QTest::addColumn<uint>("fileOwner");
    QTest::addColumn<uint>("fileMode");
    QTest::addColumn<QString>("place"); // below the folder of the test; "-": none
    QTest::newRow("root's alone") << 0U << 0755U << 0U << 0644U << "-";
    QTest::newRow("a folder of his") << 54321U << 0755U << 0U << 0644U << "above";
    QTest::newRow("a folder of his that he has closed to himself") << 54321U << 0500U << 0U << 0600U << "above";
    QTest::newRow("a folder of another user") << 54323U << 0755U << 0U << 0644U << "-";
    QTest::newRow("a folder for all") << 0U << 0777U << 0U << 0644U << "above";
    QTest::newRow("a folder for his group") << 0U << 0770U << 0U << 0644U << "above";
    QTest::newRow("a folder such as /tmp") << 0U << 01777U << 0U << 0644U << "-";
    QTest::newRow("his file in one such as /tmp") << 0U << 01777U << 54321U << 0400U << "above/file";
    QTest::newRow("his file") << 0U << 0755U << 54321U << 0400U << "above/file";
    QTest::newRow("a file for all") << 0U << 0755U << 0U << 0666U << "above/file";
    QTest::newRow("a file for his group") << 0U << 0755U << 0U << 0660U << "above/file";
}

void tst_ChildIdentity::whatTheUserCouldChange()
{
    QFETCH(const uint, folderOwner);
    QFETCH(const uint, folderMode);
    QFETCH(const uint, fileOwner);
    QFETCH(const uint, fileMode);
    QFETCH(const QString, place);
    constexpr gid_t group = 54322;
    const base::Identity user = {54321, 54321, {group}};
    make(QStringLiteral("above"), 0755);
    const QByteArray folder = QFile::encodeName(path(QStringLiteral("above")));
    QFile file(path(QStringLiteral("above/file")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY(::fchown(file.handle(), fileOwner, group) == 0 && ::fchmod(file.handle(), fileMode) == 0);
    QVERIFY(::chown(folder.constData(), folderOwner, group) == 0 && ::chmod(folder.constData(), folderMode) == 0);
    const auto expected = place == u"-" ? std::nullopt : std::optional(path(place));
    QCOMPARE(changeableBy(user, file.fileName(), Trusted::File), expected);
    QCOMPARE(changeableBy(user, path(QStringLiteral("above/./../above/file")), Trusted::File), expected);
}

void tst_ChildIdentity::linksOnTheWay()
{
    const base::Identity user = {54321, 54321, {}};
    make(QStringLiteral("his"), 0755, user.uid);
    make(QStringLiteral("his/below"), 0755);
    make(QStringLiteral("all"), 01777);
    const auto of = [this, &user](const QString &name, Trusted what = Trusted::File) {
        return changeableBy(user, path(name), what);
    };
    QVERIFY(QFile::link(path(QStringLiteral("his/below")), path(QStringLiteral("link"))));
    QVERIFY(QFile::link(QStringLiteral("../his/below"), path(QStringLiteral("all/link"))));
    QCOMPARE(of(QStringLiteral("link/file")), path(QStringLiteral("his")));
    QCOMPARE(of(QStringLiteral("all/link/file")), path(QStringLiteral("his")));
    QVERIFY(QFile::link(QStringLiteral("circle"), path(QStringLiteral("circle"))));
    QCOMPARE(of(QStringLiteral("circle/file")), std::nullopt);
    // What is not there yet.
    QCOMPARE(of(QStringLiteral("all/file")), path(QStringLiteral("all")));
    QCOMPARE(of(QStringLiteral("all/run"), Trusted::Folder), std::nullopt);
    QCOMPARE(of(QStringLiteral("nothing/file")), std::nullopt);
    // A link of his may lead elsewhere tomorrow.
    const QByteArray link = QFile::encodeName(path(QStringLiteral("all/link")));
    QCOMPARE(::lchown(link.constData(), user.uid, gid_t(-1)), 0);
    QCOMPARE(of(QStringLiteral("all/link/file")), path(QStringLiteral("all/link")));
}

void tst_ChildIdentity::theMastersPlaces()
{
    m_server.user = QStringLiteral("nobody");
    make(QStringLiteral("above/run"), 0700);
    m_server.runtimeDir = path(QStringLiteral("above/run"));
    const QStringList files = {path(QStringLiteral("quern.toml"))};
    QVERIFY(!trustProblem(m_server, files));
    make(QStringLiteral("above"), 0755, 65534);
    const std::optional<ChildProblem> ofFolder = trustProblem(m_server, files);
    QVERIFY(ofFolder);
    QCOMPARE(ofFolder->key, QStringLiteral("server.runtime_dir"));
    QVERIFY2(ofFolder->mend.contains(QStringLiteral("chown root %1").arg(path(QStringLiteral("above")))),
             qPrintable(ofFolder->mend));
    make(QStringLiteral("above"), 0755);
    QVERIFY(!trustProblem(m_server, files));
    make(QStringLiteral("."), 0777);
    m_server.runtimeDir = QStringLiteral("/run");
    const std::optional<ChildProblem> ofFile = trustProblem(m_server, files);
    QVERIFY(ofFile);
    QCOMPARE(ofFile->key, QStringLiteral("server.user"));
    QVERIFY2(ofFile->found.contains(files.constFirst()), qPrintable(ofFile->found));
    const doctor::Checks checks = doctor::childChecks(m_server, files);
    QCOMPARE(checks.constFirst().outcome, doctor::Check::Outcome::Error);
    m_server.user.clear();
    QVERIFY(!trustProblem(m_server, files));
}

void tst_ChildIdentity::theDoctor()
{
    QVERIFY(doctor::childChecks(m_server, {}).isEmpty());
    make(QStringLiteral("jail/uploads"), 0777);
    m_server.user = QStringLiteral("nobody");
    m_server.chroot = path(QStringLiteral("jail"));
    m_server.uploadTmpDir = path(QStringLiteral("jail/uploads"));
    m_server.childLimits.coreSize = 0;
    make(QStringLiteral("jail"), 0755);
    const doctor::Checks well = doctor::childChecks(m_server, {});
    QCOMPARE(well.size(), 3);
    for (const doctor::Check &check : well)
        QVERIFY2(check.outcome == doctor::Check::Outcome::Ok, qPrintable(check.name));
    make(QStringLiteral("jail"), 0777);
    QCOMPARE(doctor::childChecks(m_server, {}).at(1).outcome, doctor::Check::Outcome::Warning);
    m_server.uploadTmpDir.clear();
    const doctor::Checks wrong = doctor::childChecks(m_server, {});
    QCOMPARE(wrong.size(), 1);
    QCOMPARE(wrong.constFirst().name, QStringLiteral("chroot"));
    QVERIFY(wrong.constFirst().mend.contains(path(QStringLiteral("jail/uploads"))));
}

QTEST_GUILESS_MAIN(tst_ChildIdentity)
#include "tst_childidentity.moc"
