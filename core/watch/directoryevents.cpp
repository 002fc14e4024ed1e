#include "watch/directoryevents.h"

#include "base/systemerror.h"
#include "watch/filenames.h"

#include <QFile>
#include <QSocketNotifier>

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace Quern::watch {

namespace {

constexpr quint32 comeAndGone =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
/// But for those of files that have been removed and are open still: another one may have the name by now.
constexpr quint32 watchedEvents = comeAndGone | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_EXCL_UNLINK;

DirectoryEvents::What whatOf(quint32 mask)
{
    if (mask & IN_ISDIR)
        return DirectoryEvents::What::Directory;
    if (mask & IN_CREATE)
        return DirectoryEvents::What::Created;
    if (mask & IN_MODIFY)
        return DirectoryEvents::What::Written;
    if (mask & IN_ATTRIB)
        return DirectoryEvents::What::Attributes;
    return mask & IN_CLOSE_WRITE ? DirectoryEvents::What::Closed : DirectoryEvents::What::Changed;
}

} // namespace

DirectoryEvents::DirectoryEvents(QObject *parent) : QObject(parent) {}

DirectoryEvents::~DirectoryEvents() = default;

Result<void> DirectoryEvents::open()
{
    if (m_fd.isValid())
        return {};
    m_fd = base::FileDescriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!m_fd.isValid())
        return base::systemError(
            QStringLiteral("cannot watch files (see fs.inotify.max_user_instances, and the limit of "
                           "open files)"));
    m_notifier = new QSocketNotifier(m_fd.get(), QSocketNotifier::Read, this);
    connect(m_notifier, &QSocketNotifier::activated, this, &DirectoryEvents::read);
    return {};
}

Result<void> DirectoryEvents::setDirectories(const QSet<QString> &directories, const QSet<QString> &ancestors)
{
    Result<void> outcome = open();
    if (!outcome)
        return outcome;
    QMultiHash<int, QString> watched;
    m_unwatched.clear();
    const auto watch = [&](const QString &directory, bool isWhole) {
        // One that is watched already keeps its number; and what it is watched for, though it be an ancestor as well.
        const int number = ::inotify_add_watch(m_fd.get(), QFile::encodeName(directory).constData(),
                                               isWhole ? watchedEvents : comeAndGone | IN_MASK_ADD);
        if (number >= 0)
            watched.insert(number, directory);
        else if (outcome && (errno == ENOSPC || errno == ENOMEM))
            outcome =
                base::systemError(QStringLiteral("cannot watch %1 (see fs.inotify.max_user_watches)").arg(directory));
        else if (isWhole && errno != ENOENT && errno != ENOTDIR)
            m_unwatched.insert(directory, base::systemErrorText(errno));
    };
    for (const QString &directory : directories)
        watch(directory, true);
    for (const QString &directory : ancestors)
        watch(directory, false);
    const QList<int> before = m_directories.uniqueKeys();
    for (const int number : before) {
        if (!watched.contains(number))
            ::inotify_rm_watch(m_fd.get(), number);
    }
    m_directories = std::move(watched);
    return outcome;
}

void DirectoryEvents::read()
{
    alignas(inotify_event) std::array<char, 16384> buffer = {};
    while (true) {
        const ssize_t length = ::read(m_fd.get(), buffer.data(), buffer.size());
        if (length <= 0)
            return;
        for (ssize_t at = 0; at < length;) {
            inotify_event event = {};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char *name = buffer.data() + at + sizeof event;
            at += ssize_t(sizeof event) + ssize_t(event.len);
            if (event.mask & IN_Q_OVERFLOW)
                Q_EMIT lost();
            const QList<QString> directories = m_directories.values(event.wd);
            for (const QString &directory : directories) {
                if (event.len == 0)
                    Q_EMIT happened(directory, What::Directory);
                else
                    Q_EMIT happened(joined(directory, QFile::decodeName(name)), whatOf(event.mask));
            }
        }
    }
}

} // namespace Quern::watch
