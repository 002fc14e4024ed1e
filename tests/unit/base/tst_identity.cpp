#include "base/identity.h"

#include <QFile>
#include <QSemaphore>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using base::ActingAs;
using base::Identity;

/// A thread that opens files with the rights of another user.
class tst_Identity : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void onlyWhileItLives();
    void groupsCount();
    void otherThreadsStayWhoTheyAre();
    void whoIsNotRootCannot();

private:
    /// 0, or the errno of opening a file of \a mode and \a group.
    int open(mode_t mode, gid_t group = 0) const;

    static constexpr uid_t someone = 54321;
    static constexpr gid_t everyone = 54322;

    QTemporaryDir m_folder;
};

int tst_Identity::open(mode_t mode, gid_t group) const
{
    const QByteArray path = QFile::encodeName(m_folder.filePath(QStringLiteral("%1-%2").arg(mode, 0, 8).arg(group)));
    const int fd = ::open(path.constData(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ::close(fd);
    return 0;
}

void tst_Identity::initTestCase()
{
    if (::geteuid() != 0)
        QSKIP("only root can act as somebody else");
    QCOMPARE(::chmod(QFile::encodeName(m_folder.path()).constData(), 0755), 0);
    for (const auto &[mode, group] : {std::pair<mode_t, gid_t>(0600, 0), {0644, 0}, {0640, everyone}}) {
        QFile file(m_folder.filePath(QStringLiteral("%1-%2").arg(mode, 0, 8).arg(group)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(::fchmod(file.handle(), mode), 0);
        QCOMPARE(::fchown(file.handle(), 0, group), 0);
    }
}

void tst_Identity::onlyWhileItLives()
{
    QCOMPARE(open(0600), 0);
    {
        const ActingAs user(Identity{someone, someone, {}});
        QVERIFY(user.isEffective());
        QCOMPARE(open(0600), EACCES);
        QCOMPARE(open(0644), 0);
        // The process is who it was.
        QCOMPARE(::geteuid(), uid_t(0));
    }
    QCOMPARE(open(0600), 0);
}

void tst_Identity::groupsCount()
{
    const int before = ::getgroups(0, nullptr);
    {
        const ActingAs stranger(Identity{someone, someone, {}});
        QCOMPARE(open(0640, everyone), EACCES);
    }
    {
        const ActingAs member(Identity{someone, everyone, {}});
        QCOMPARE(open(0640, everyone), 0);
    }
    {
        const ActingAs member(Identity{someone, someone, {1, everyone}});
        QCOMPARE(open(0640, everyone), 0);
    }
    QCOMPARE(::getgroups(0, nullptr), before);
}

void tst_Identity::otherThreadsStayWhoTheyAre()
{
    QSemaphore isSomeone;
    QSemaphore goOn;
    int inThread = -1;
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        const ActingAs user(Identity{someone, someone, {}});
        isSomeone.release();
        goOn.acquire();
        inThread = open(0600);
    }));
    thread->start();
    isSomeone.acquire();
    const int here = open(0600);
    goOn.release();
    QVERIFY(thread->wait(10'000));
    QCOMPARE(here, 0);
    QCOMPARE(inThread, EACCES);
}

void tst_Identity::whoIsNotRootCannot()
{
    const pid_t child = ::fork();
    if (child == 0) {
        const bool isSomeone =
            ::setresgid(someone, someone, someone) == 0 && ::setresuid(someone, someone, someone) == 0;
        const ActingAs other(Identity{1, 1, {}});
        ::_exit(isSomeone && !other.isEffective() ? 0 : 1);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFEXITED(status));
    QCOMPARE(WEXITSTATUS(status), 0);
}

QTEST_APPLESS_MAIN(tst_Identity)
#include "tst_identity.moc"
