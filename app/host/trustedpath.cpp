#include "app/host/trustedpath.h"

#include "base/filedescriptor.h"

#include <QByteArrayList>
#include <QFile>

#include <climits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {

namespace {

constexpr int mostLinks = 40; // as the kernel
constexpr int folderFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// The names on the way, the next one last.
QByteArrayList namesOf(const QByteArray &path)
{
    QByteArrayList names;
    const QByteArrayList parts = path.split('/');
    for (const QByteArray &part : parts) {
        if (!part.isEmpty() && part != ".")
            names.prepend(part);
    }
    return names;
}

/// Goes from folder to folder, links included, as the kernel does, and asks at each step.
class Walk
{
public:
    explicit Walk(const base::Identity &user) : m_user(user) { restart(); }

    std::optional<QString> along(const QByteArray &path, Trusted what)
    {
        QByteArrayList names = namesOf(path);
        for (int links = 0;;) {
            if (!m_folder.isValid() || ::fstat(m_folder.get(), &m_status) != 0)
                return std::nullopt; // the master cannot come by there, either
            // A folder that others may write to is safe where nobody may move what is another's.
            const bool mayAdd = mayWrite(".", W_OK | X_OK);
            if (isHis(m_status) || (mayAdd && (m_status.st_mode & S_ISVTX) == 0))
                return shown();
            if (names.isEmpty())
                return std::nullopt;
            const QByteArray name = names.takeLast();
            struct stat entry = {};
            if (::fstatat(m_folder.get(), name.constData(), &entry, AT_SYMLINK_NOFOLLOW) != 0)
                return mayAdd && what == Trusted::File ? std::optional(shown()) : std::nullopt;
            if (isHis(entry))
                return shown(name);
            if (S_ISLNK(entry.st_mode)) {
                if (++links > mostLinks || !follow(name, names))
                    return std::nullopt;
            } else if (S_ISDIR(entry.st_mode)) {
                enter(name);
            } else {
                return mayWrite(name, W_OK) ? std::optional(shown(name)) : std::nullopt;
            }
        }
    }

private:
    bool isHis(const struct stat &status) const { return status.st_uid == m_user.uid; }

    bool mayWrite(const QByteArray &name, int mode) const
    {
        return base::mayAccess(m_user, m_folder.get(), name, mode);
    }

    void restart()
    {
        m_folder = base::FileDescriptor(::open("/", folderFlags));
        m_path.clear();
    }

    void enter(const QByteArray &name)
    {
        m_folder = base::FileDescriptor(::openat(m_folder.get(), name.constData(), folderFlags));
        if (name == "..")
            m_path.truncate(std::max<qsizetype>(m_path.lastIndexOf('/'), 0));
        else
            m_path += '/' + name;
    }

    /// What the link \a name says comes before \a names.
    bool follow(const QByteArray &name, QByteArrayList &names)
    {
        QByteArray target(PATH_MAX, Qt::Uninitialized);
        const ssize_t length = ::readlinkat(m_folder.get(), name.constData(), target.data(), size_t(target.size()));
        if (length <= 0)
            return false;
        target.truncate(length);
        if (target.startsWith('/'))
            restart();
        names += namesOf(target);
        return true;
    }

    QString shown(const QByteArray &name = {}) const
    {
        const QByteArray path = name.isEmpty() ? m_path : m_path + '/' + name;
        return path.isEmpty() ? QStringLiteral("/") : QFile::decodeName(path);
    }

    const base::Identity m_user;
    base::FileDescriptor m_folder;
    QByteArray m_path; ///< of that folder; "" for the root
    struct stat m_status = {};
};

} // namespace

std::optional<QString> changeableBy(const base::Identity &user, const QString &path, Trusted what)
{
    return Walk(user).along(QFile::encodeName(path), what);
}

} // namespace Quern::app
