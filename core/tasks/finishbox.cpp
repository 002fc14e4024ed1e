#include "tasks/finishbox.h"

#include "tasks/log.h"

#include <algorithm>

namespace Quern::tasks {

void FinishBox::setWorkers(int count)
{
    m_workers = count;
    for (auto each = m_news.lower_bound(count); each != m_news.end(); each = m_news.erase(each)) {
        for (const QByteArray &file : each->second.spillFiles)
            m_spill.remove(file);
    }
}

void FinishBox::add(int number, const QByteArray &frame, const QByteArray &spillFile)
{
    const bool isKnown = number >= 0 && number < m_workers;
    News *news = isKnown ? &m_news[number] : nullptr;
    if (!news || news->frames.size() + frame.size() > MaxBytes) {
        m_spill.remove(spillFile);
        if (news)
            ++news->dropped;
        return;
    }
    news->frames += frame;
    if (!spillFile.isEmpty())
        news->spillFiles.push_back(spillFile);
}

QByteArray FinishBox::take(int number)
{
    const auto news = m_news.extract(number);
    if (!news)
        return {};
    if (news.mapped().dropped > 0)
        qCWarning(logTasks).noquote() << "worker" << number << "was away for too long: it does not hear of the end of"
                                      << news.mapped().dropped << (news.mapped().dropped == 1 ? "task" : "tasks");
    return news.mapped().frames;
}

bool FinishBox::namesSpillFile(const QByteArray &name) const
{
    return std::any_of(m_news.begin(), m_news.end(), [&name](const auto &each) {
        const std::vector<QByteArray> &files = each.second.spillFiles;
        return std::find(files.begin(), files.end(), name) != files.end();
    });
}

} // namespace Quern::tasks
