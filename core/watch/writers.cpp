#include "watch/writers.h"

#include "watch/filenames.h"

#include "base/openforwriting.h"

#include <algorithm>
#include <optional>

namespace Quern::watch {

void Writers::heard(const QString &path, DirectoryEvents::What what)
{
    using What = DirectoryEvents::What;
    if (what == What::Attributes)
        return;
    const std::optional<FileStatus> status =
        what == What::Written || what == What::Created ? statusOfEntry(path) : std::nullopt;
    // ld makes its file when it begins, and writes when it ends. What is made with its content, such as a link, is not
    // written to.
    const bool isMade = what == What::Created && status && status->kind == FileStatus::Kind::Plain &&
                        status->stamp.size == 0 && status->names == 1;
    if (!isMade && (what != What::Written || !status)) {
        m_writing.remove(path);
        return;
    }
    m_writing.insert(path, {status->stamp.id, QDeadlineTimer(m_longest)});
    if (!isMade)
        m_written.insert(status->stamp.id);
}

void Writers::keepIn(const QSet<QString> &directories)
{
    m_writing.removeIf([&directories](const QHash<QString, Writing>::iterator &each) {
        return !directories.contains(directoryOf(each.key()));
    });
}

bool Writers::isWriting(const QString &path, const FileStamp &stamp, bool remote) const
{
    if (const std::optional<bool> known = remote ? std::nullopt : base::isOpenForWriting(path))
        return *known;
    return std::any_of(m_writing.begin(), m_writing.end(), [&stamp](const Writing &writing) {
        return writing.file == stamp.id && !writing.until.hasExpired();
    });
}

} // namespace Quern::watch
