#include "watch/writers.h"

#include "watch/filenames.h"

#include <algorithm>
#include <optional>

namespace Quern::watch {

void Writers::heard(const QString &path, DirectoryEvents::What what)
{
    using What = DirectoryEvents::What;
    const auto known = m_writing.constFind(path);
    if (what == What::Written && known != m_writing.constEnd() && !known->isMade)
        return;
    const std::optional<FileStatus> status =
        what == What::Written || what == What::Created ? statusOfEntry(path) : std::nullopt;
    // What is made with its content, such as a link, is not written to.
    const bool isMade = what == What::Created && status && status->kind == FileStatus::Kind::Plain &&
                        status->stamp.size == 0 && status->names == 1;
    if (!isMade && (what != What::Written || !status)) {
        m_writing.remove(path);
        return;
    }
    m_writing.insert(path, {status->stamp.id, isMade});
    if (!isMade)
        m_written.insert(status->stamp.id);
}

void Writers::clear()
{
    m_writing.clear();
}

void Writers::keepIn(const QSet<QString> &directories)
{
    m_writing.removeIf([&directories](const QHash<QString, Writing>::iterator &each) {
        return !directories.contains(directoryOf(each.key()));
    });
}

bool Writers::isWriting(const FileId &file) const
{
    return std::any_of(m_writing.begin(), m_writing.end(),
                       [&file](const Writing &writing) { return writing.file == file; });
}

bool Writers::releaseMade()
{
    return m_writing.removeIf([](const QHash<QString, Writing>::iterator &each) { return each->isMade; }) > 0;
}

} // namespace Quern::watch
