#include "app/host/childidentity.h"

#include "app/host/taskplace.h"
#include "app/host/trustedpath.h"
#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <variant>

namespace Quern::app {

namespace {

const QString userKey = QStringLiteral("server.user");
const QString groupKey = QStringLiteral("server.group");
const QString chrootKey = QStringLiteral("server.chroot");

/// Records of accounts are short; a directory service may have groups with many members.
constexpr std::size_t longestRecord = std::size_t(4) << 20;

using Identified = std::variant<std::optional<ChildIdentity>, ChildProblem>;

/// Calls getpwnam_r() and its kin with room enough. False if there is no such record.
template <typename Record, typename Lookup>
bool lookUp(Lookup lookup, Record &record, std::vector<char> &texts)
{
    texts.resize(1024);
    while (true) {
        Record *found = nullptr;
        const int error = lookup(&record, texts.data(), texts.size(), &found);
        if (error != ERANGE || texts.size() >= longestRecord)
            return found != nullptr;
        texts.resize(texts.size() * 4);
    }
}

/// The id that \a text spells, if it is one: names do not begin with a digit alone.
std::optional<quint32> idOf(const QString &text)
{
    bool isNumber = false;
    const quint32 id = text.toUInt(&isNumber);
    return isNumber ? std::optional(id) : std::nullopt;
}

struct Account
{
    uid_t uid = 0;
    gid_t gid = 0;
    QByteArray name; ///< empty: a number without an account
    QString home;
};

std::optional<Account> accountOf(const QString &user)
{
    passwd record = {};
    std::vector<char> texts;
    const QByteArray name = user.toLocal8Bit();
    const auto byName = [&name](auto... rest) { return ::getpwnam_r(name.constData(), rest...); };
    if (lookUp(byName, record, texts))
        return Account{record.pw_uid, record.pw_gid, record.pw_name, QFile::decodeName(record.pw_dir)};
    const std::optional<quint32> id = idOf(user);
    if (!id)
        return std::nullopt;
    const auto byId = [id](auto... rest) { return ::getpwuid_r(uid_t(*id), rest...); };
    if (lookUp(byId, record, texts))
        return Account{record.pw_uid, record.pw_gid, record.pw_name, QFile::decodeName(record.pw_dir)};
    return Account{uid_t(*id), gid_t(-1), {}, {}};
}

std::optional<gid_t> groupOf(const QString &group)
{
    struct group record = {};
    std::vector<char> texts;
    const QByteArray name = group.toLocal8Bit();
    const auto byName = [&name](auto... rest) { return ::getgrnam_r(name.constData(), rest...); };
    if (lookUp(byName, record, texts))
        return record.gr_gid;
    const std::optional<quint32> id = idOf(group);
    return id ? std::optional(gid_t(*id)) : std::nullopt;
}

std::vector<gid_t> groupsOf(const Account &account)
{
    int count = 32;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(account.name.constData(), account.gid, groups.data(), &count) < 0 &&
           std::size_t(count) > groups.size())
        groups.resize(std::size_t(count));
    groups.resize(std::min(groups.size(), std::size_t(std::max(count, 0))));
    return groups;
}

/// \a path without symbolic links, as far as there is something.
QString canonical(const QString &path)
{
    const QString whole = QFileInfo(path).canonicalFilePath();
    return whole.isEmpty() ? path : whole;
}

/// A path behind which '/' may be put.
QString asPrefix(const QString &folder)
{
    return folder == u"/" ? QString() : folder;
}

std::optional<ChildProblem> chrootProblem(const config::ServerSettings &server)
{
    if (server.chroot.isEmpty())
        return std::nullopt;
    if (::geteuid() != 0)
        return ChildProblem{chrootKey, Error::Permission,
                            QStringLiteral("only root may give its children another root folder"),
                            QStringLiteral("start as root, or remove it")};
    if (!QFileInfo(server.chroot).isDir())
        return ChildProblem{chrootKey, Error::NotFound, QStringLiteral("%1 is no folder").arg(server.chroot),
                            QStringLiteral("make it, or name another")};
    if (server.uploadTmpDir.isEmpty() || !seenByChild(server, server.uploadTmpDir)) {
        return ChildProblem{
            chrootKey, Error::Invalid,
            QStringLiteral("handlers could not reach their uploads, which must lie in %1, too").arg(server.chroot),
            QStringLiteral("make a folder there, and write upload_tmp_dir = \"%1/uploads\"")
                .arg(asPrefix(server.chroot))};
    }
    if (server.taskWorkerNum > 0 && !seenByChild(server, taskDatabasePath(server))) {
        return ChildProblem{chrootKey, Error::Invalid,
                            QStringLiteral("workers could not reach the payloads of tasks, which lie beside their "
                                           "database, in %1")
                                .arg(server.chroot),
                            QStringLiteral("make a folder there, and write database = \"%1/tasks/tasks.db\" in [tasks]")
                                .arg(asPrefix(server.chroot))};
    }
    return std::nullopt;
}

/// Null if \a server names no user, or the one that this process is.
Identified identify(const config::ServerSettings &server)
{
    if (server.user.isEmpty())
        return std::optional<ChildIdentity>();
    const std::optional<Account> account = accountOf(server.user);
    if (!account) {
        return ChildProblem{userKey, Error::NotFound,
                            QStringLiteral("there is no user \"%1\" on this machine").arg(server.user),
                            QStringLiteral("make it, or name another")};
    }
    ChildIdentity result;
    result.name = server.user;
    result.home = account->home.isEmpty() ? QStringLiteral("/") : account->home;
    result.ids.uid = account->uid;
    if (!server.group.isEmpty()) {
        const std::optional<gid_t> group = groupOf(server.group);
        if (!group) {
            return ChildProblem{groupKey, Error::NotFound,
                                QStringLiteral("there is no group \"%1\" on this machine").arg(server.group),
                                QStringLiteral("make it, or name another")};
        }
        result.ids.gid = *group;
        result.ids.groups = {*group};
    } else if (account->name.isEmpty()) {
        return ChildProblem{
            userKey, Error::NotFound,
            QStringLiteral("no account has the number %1, and so nothing tells its group").arg(server.user),
            QStringLiteral("write group beside it")};
    } else {
        result.ids.gid = account->gid;
        result.ids.groups = groupsOf(*account);
    }
    if (::geteuid() == 0 && account->uid == 0) {
        return ChildProblem{userKey, Error::Invalid,
                            QStringLiteral("\"%1\" is root, which the children are anyway").arg(server.user),
                            QStringLiteral("name another user, or remove it")};
    }
    if (::geteuid() == 0)
        return std::optional(result);
    if (result.ids.uid == ::geteuid() && result.ids.gid == ::getegid() && server.chroot.isEmpty())
        return std::optional<ChildIdentity>();
    return ChildProblem{userKey, Error::Permission, QStringLiteral("only root may give its children another user"),
                        QStringLiteral("start as root, or remove it")};
}

struct NamedLimit
{
    const char *name;
    std::optional<quint64> config::ChildLimits::*member;
    __rlimit_resource resource;
};

constexpr std::array namedLimits = {
    NamedLimit{"nofile", &config::ChildLimits::openFiles, RLIMIT_NOFILE},
    NamedLimit{"nproc", &config::ChildLimits::processes, RLIMIT_NPROC},
    NamedLimit{"as", &config::ChildLimits::addressSpace, RLIMIT_AS},
    NamedLimit{"core", &config::ChildLimits::coreSize, RLIMIT_CORE},
    NamedLimit{"fsize", &config::ChildLimits::fileSize, RLIMIT_FSIZE},
};

/// What the kernel gives nobody more of: fs.nr_open. Null: it does not tell.
std::optional<quint64> mostOpenFiles()
{
    QFile file(QStringLiteral("/proc/sys/fs/nr_open"));
    bool isNumber = false;
    const quint64 most = file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().toULongLong(&isNumber) : 0;
    return isNumber ? std::optional(most) : std::nullopt;
}

/// Root may raise what it likes, but for the number of files, which the kernel bounds for everybody.
std::optional<ChildProblem> limitProblem(const config::ServerSettings &server)
{
    const QString key = QStringLiteral("server.child_limits");
    const std::optional<quint64> most = mostOpenFiles();
    if (server.childLimits.openFiles && most && *server.childLimits.openFiles > *most) {
        return ChildProblem{key, Error::Invalid,
                            QStringLiteral("nofile is more than the %1 that this kernel allows").arg(*most),
                            QStringLiteral("lower it, or raise the kernel's bound (sysctl fs.nr_open)")};
    }
    for (const NamedLimit &limit : namedLimits) {
        const std::optional<quint64> wanted = server.childLimits.*limit.member;
        rlimit present = {};
        if (!wanted || ::geteuid() == 0 || ::getrlimit(limit.resource, &present) != 0 || *wanted <= present.rlim_max)
            continue;
        return ChildProblem{
            key, Error::Permission,
            QStringLiteral("%1 is more than the %2 that the server itself may have")
                .arg(QLatin1StringView(limit.name))
                .arg(present.rlim_max),
            QStringLiteral("raise its own hard limit (ulimit -H, LimitNOFILE and its kin of a service), "
                           "or lower it here")};
    }
    return std::nullopt;
}

} // namespace

Result<std::optional<ChildIdentity>> childIdentity(const config::ServerSettings &server)
{
    Identified identified = identify(server);
    if (const auto *wrong = std::get_if<ChildProblem>(&identified))
        return Error(wrong->code, QStringLiteral("%1: %2").arg(wrong->key, wrong->text()));
    return std::get<std::optional<ChildIdentity>>(std::move(identified));
}

Result<std::optional<base::Identity>> childUser(const config::ServerSettings &server)
{
    const Result<std::optional<ChildIdentity>> identity = childIdentity(server);
    if (!identity)
        return identity.error();
    return *identity ? std::optional((*identity)->ids) : std::nullopt;
}

std::optional<ChildProblem> childProblem(const config::ServerSettings &server)
{
    const Identified identified = identify(server);
    if (const auto *wrong = std::get_if<ChildProblem>(&identified))
        return *wrong;
    if (std::optional<ChildProblem> wrong = chrootProblem(server))
        return wrong;
    const auto &child = std::get<std::optional<ChildIdentity>>(identified);
    if (child && !server.uploadTmpDir.isEmpty() && !mayUse(server, child->ids, server.uploadTmpDir)) {
        return ChildProblem{
            QStringLiteral("server.upload_tmp_dir"), Error::Permission,
            QStringLiteral("handlers, which run as user \"%1\", may not move their uploads out of %2")
                .arg(server.user, server.uploadTmpDir),
            QStringLiteral("chown it to that user, and let others pass the folders above it (chmod o+x)")};
    }
    return limitProblem(server);
}

std::optional<ChildProblem> trustProblem(const config::ServerSettings &server, const QStringList &files)
{
    const Result<std::optional<base::Identity>> user = childUser(server);
    if (!user || !*user)
        return std::nullopt;
    if (const std::optional<QString> place = changeableBy(**user, server.runtimeDir, Trusted::Folder)) {
        return ChildProblem{
            QStringLiteral("server.runtime_dir"), Error::Permission,
            QStringLiteral("user \"%1\" may write to %2, and so put another folder in the place of %3, which is root's")
                .arg(server.user, *place, server.runtimeDir),
            QStringLiteral("chown root %1 and chmod go-w %1, or name a folder below others of root, such as /run/quern")
                .arg(*place)};
    }
    for (const QString &file : files) {
        if (const std::optional<QString> place = changeableBy(**user, file, Trusted::File)) {
            return ChildProblem{
                userKey, Error::Permission,
                QStringLiteral("\"%1\" may write to %2, and so change %3, which the server goes by as root")
                    .arg(server.user, *place, file),
                QStringLiteral("chown root %1 and chmod go-w %1, or name another user").arg(*place)};
        }
    }
    return std::nullopt;
}

std::optional<QString> seenByChild(const config::ServerSettings &server, const QString &path)
{
    if (server.chroot.isEmpty())
        return path;
    const QString root = asPrefix(canonical(server.chroot));
    const QFileInfo info(path);
    const QString whole = info.isDir() ? canonical(path) : canonical(info.path()) + u'/' + info.fileName();
    if (!whole.startsWith(root + u'/'))
        return std::nullopt;
    return whole.mid(root.size());
}

bool mayUse(const config::ServerSettings &server, const base::Identity &user, const QString &folder)
{
    std::optional<QString> seen = seenByChild(server, folder);
    if (!seen && canonical(folder) == canonical(server.chroot))
        seen = QStringLiteral("/");
    const QByteArray root = server.chroot.isEmpty() ? QByteArray("/") : QFile::encodeName(server.chroot);
    const base::FileDescriptor from(::open(root.constData(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!seen || !from.isValid())
        return false;
    const QByteArray path = '.' + QFile::encodeName(*seen);
    struct stat status = {};
    return base::mayAccess(user, from.get(), path, W_OK | X_OK) &&
           ::fstatat(from.get(), path.constData(), &status, 0) == 0 && S_ISDIR(status.st_mode);
}

bool mayPass(const base::Identity &user, const QString &folder)
{
    return base::mayAccess(user, AT_FDCWD, QFile::encodeName(folder), X_OK);
}

Result<ipc::Confinement> confinementOf(const config::ServerSettings &server)
{
    ipc::Confinement result;
    const Result<std::optional<base::Identity>> user = childUser(server);
    if (!user)
        return user.error();
    result.user = *user;
    if (result.user) {
        result.userName = server.user;
        result.root = server.chroot;
    }
    result.mask = server.childMask;
    for (const NamedLimit &limit : namedLimits) {
        if (const std::optional<quint64> value = server.childLimits.*limit.member) {
            const bool isUnlimited = *value == config::ChildLimits::Unlimited;
            result.limits.append(
                {QString::fromLatin1(limit.name), isUnlimited ? ipc::Confinement::Limit::Unlimited : qint64(*value)});
        }
    }
    return result;
}

QMap<QString, QString> accountEnvironment(const config::ServerSettings &server)
{
    const Result<std::optional<ChildIdentity>> identity = childIdentity(server);
    if (!identity || !*identity)
        return {};
    const ChildIdentity &child = **identity;
    QMap<QString, QString> environment = {{QStringLiteral("HOME"), child.home},
                                          {QStringLiteral("USER"), child.name},
                                          {QStringLiteral("LOGNAME"), child.name}};
    // Whoever looks for them takes an empty one for none.
    for (const char *folder : {"TMPDIR", "XDG_RUNTIME_DIR"}) {
        if (qEnvironmentVariableIsSet(folder) && !mayUse(server, child.ids, qEnvironmentVariable(folder)))
            environment.insert(QString::fromLatin1(folder), QString());
    }
    return environment;
}

Result<void> letChildrenPass(const config::ServerSettings &server, Passing passing)
{
    const Result<std::optional<base::Identity>> user = childUser(server);
    if (!user)
        return user.error();
    const QByteArray path = QFile::encodeName(server.runtimeDir);
    const base::FileDescriptor folder(::open(path.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat present = {};
    if (!folder.isValid() || ::fstat(folder.get(), &present) != 0)
        return base::systemError(server.runtimeDir);
    if (present.st_uid != ::geteuid())
        return base::systemError(server.runtimeDir, EPERM);
    const gid_t group = *user ? (*user)->gid : present.st_gid;
    const mode_t own = *user ? 0710 : 0700;
    const bool isAnother = group != present.st_gid || own != (present.st_mode & 0777);
    const mode_t mode = passing == Passing::Everybody && isAnother ? 0711 : own;
    if ((group != present.st_gid && ::fchown(folder.get(), uid_t(-1), group) != 0) ||
        ((present.st_mode & 0777) != mode && ::fchmod(folder.get(), mode) != 0))
        return base::systemError(QStringLiteral("letting the children's user pass %1").arg(server.runtimeDir));
    return {};
}

} // namespace Quern::app
