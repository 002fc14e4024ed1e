#pragma once

#include "base/identity.h"
#include "config/settings.h"
#include "ipc/confinement.h"

#include <Quern/result.h>

#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace Quern::app {

/// Who the child processes become, as this machine knows the account.
struct ChildIdentity
{
    base::Identity ids;
    QString name; ///< as the settings have it
    QString home; ///< "/" if the account has none
};

/// What is wrong with a setting that is about the children: "server.user".
struct ChildProblem
{
    QString key;
    Error::Code code;
    QString found;
    QString mend;

    QString text() const { return found + QStringLiteral("; ") + mend; }
};

/// The user that the settings name. Null if they name none, or the one that this process is already. The error is one
/// of childProblem(), with its key.
Result<std::optional<ChildIdentity>> childIdentity(const config::ServerSettings &server);
/// The same without what only people want to know.
Result<std::optional<base::Identity>> childUser(const config::ServerSettings &server);

/// What is wrong with user, group, chroot and child_limits, with what has to lie below chroot, and with upload_tmp_dir
/// for that user. Null: nothing. Makes nothing.
std::optional<ChildProblem> childProblem(const config::ServerSettings &server);

/// What of all that the master reads and runs as root the children's user could change, and so become root by: the
/// folders above runtime_dir, and \a files, which are absolute. Null: nothing, or there is no such user.
std::optional<ChildProblem> trustProblem(const config::ServerSettings &server, const QStringList &files);

/// Where a child finds \a path, whose folder is there: the same, but for chroot. Null if it lies outside of that.
std::optional<QString> seenByChild(const config::ServerSettings &server, const QString &path);

/// Whether \a user may put files into \a folder, and take them out again. \a server tells from which root folder on.
bool mayUse(const config::ServerSettings &server, const base::Identity &user, const QString &folder);

/// Whether \a user comes as far as to \a folder, and through it.
bool mayPass(const base::Identity &user, const QString &folder);

/// What every child is told.
Result<ipc::Confinement> confinementOf(const config::ServerSettings &server);
/// What belongs to an account in the environment: HOME, USER and LOGNAME, and TMPDIR and XDG_RUNTIME_DIR, "", if they
/// are folders that it may not use. Empty unless the children get another one.
QMap<QString, QString> accountEnvironment(const config::ServerSettings &server);

/// Who may pass the runtime directory: the children of this server, or, while one before it may have children of
/// another user, everybody.
enum class Passing { Own, Everybody };
/// Lets the children's user, if there is one, find the folders in the runtime directory that are his: its group may
/// pass, and may not look around. Without one the directory is this user's alone again.
Result<void> letChildrenPass(const config::ServerSettings &server, Passing passing = Passing::Own);

} // namespace Quern::app
