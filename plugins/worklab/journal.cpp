#include "journal.h"

#include <QFile>

#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace Worklab {

Journal::~Journal()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

void Journal::open(const QString &path)
{
    if (path.isEmpty())
        return;
    m_fd = ::open(QFile::encodeName(path).constData(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (m_fd < 0)
        throw std::runtime_error("the journal " + path.toStdString() + " cannot be opened");
}

void Journal::write(const QByteArray &line) const
{
    const QByteArray whole = line + '\n';
    if (m_fd >= 0 && ::write(m_fd, whole.constData(), size_t(whole.size())) != whole.size())
        qWarning("worklab: the journal cannot be written");
}

} // namespace Worklab
