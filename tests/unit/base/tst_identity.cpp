#include "base/identity.h"

#include <QFile>
#include <QSemaphore>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using base::ActingAs;
using base::Identity;

namespace {

/// The process is told from now on that the system has no call of that \a number (seccomp(2)).
void withoutCall(unsigned number)
{
    sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program = {static_cast<unsigned short>(std::size(filter)), filter};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

} // namespace

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
    void accessOfAnother_data();
    void accessOfAnother();

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

void tst_Identity::accessOfAnother_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<int>("owner");
    QTest::addColumn<int>("group");
    QTest::addColumn<bool>("may");
    QTest::newRow("the owner's") << 0600 << int(someone) << 0 << true;
    QTest::newRow("not the owner's, though others may") << 0466 << int(someone) << 0 << false;
    QTest::newRow("the group's") << 0620 << 0 << int(someone) << true;
    QTest::newRow("that of a further group") << 0620 << 0 << int(everyone) << true;
    QTest::newRow("not the group's, though others may") << 0602 << 0 << int(everyone) << false;
    QTest::newRow("everybody's") << 0602 << 0 << 0 << true;
    QTest::newRow("root's") << 0600 << 0 << 0 << false;
}

void tst_Identity::accessOfAnother()
{
    QFETCH(int, mode);
    QFETCH(int, owner);
    QFETCH(int, group);
    QFETCH(bool, may);
    QFile file(m_folder.filePath(QStringLiteral("asked")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(::fchown(file.handle(), uid_t(owner), gid_t(group)), 0);
    QCOMPARE(::fchmod(file.handle(), mode_t(mode)), 0);
    const QByteArray path = QFile::encodeName(file.fileName());
    const Identity user{someone, someone, {1, everyone}};
    QCOMPARE(base::mayAccess(user, AT_FDCWD, path, W_OK), may);
    // And where the kernel knows no faccessat2().
    const pid_t child = ::fork();
    if (child == 0) {
        withoutCall(SYS_faccessat2);
        const bool isGone = ::syscall(SYS_faccessat2, AT_FDCWD, "/", F_OK, 0) != 0 && errno == ENOSYS;
        ::_exit(isGone && base::mayAccess(user, AT_FDCWD, path, W_OK) == may ? 0 : 1);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFEXITED(status));
    QCOMPARE(WEXITSTATUS(status), 0);
}

QTEST_APPLESS_MAIN(tst_Identity)
#include "tst_identity.moc"
