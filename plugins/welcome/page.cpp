#include "page.h"

#include "facts.h"

#include <stdexcept>
#include <utility>

namespace {

/// Where the page of the chat plugin is; empty if that is not loaded.
QString chatPath(const Quern::Request &request)
{
    try {
        return QString::fromUtf8(request.urlFor("chat"));
    } catch (const std::invalid_argument &) {
        return {};
    }
}

} // namespace

Page::Page(QString text) : m_text(std::move(text)) {}

QString Page::filled(const QHash<QString, QString> &values) const
{
    const QStringView text(m_text);
    QString page;
    page.reserve(text.size() + 512);
    qsizetype done = 0;
    for (qsizetype open = text.indexOf(u"{{"); open >= 0; open = text.indexOf(u"{{", done)) {
        const qsizetype close = text.indexOf(u"}}", open);
        if (close < 0)
            break;
        page += text.sliced(done, open - done);
        page += values.value(text.sliced(open + 2, close - open - 2).toString()).toHtmlEscaped();
        done = close + 2;
    }
    page += text.sliced(done);
    return page;
}

QHash<QString, QString> pageValues(const Quern::Request &request)
{
    const Facts facts(request);
    const QString chat = chatPath(request);
    return {
        {QStringLiteral("chat"), chat},
        {QStringLiteral("noChat"), chat.isEmpty() ? QStringLiteral(" hidden") : QString()},
        {QStringLiteral("method"), QString::fromLatin1(request.method())},
        {QStringLiteral("target"), QString::fromUtf8(request.target())},
        {QStringLiteral("http"), facts.httpVersion},
        {QStringLiteral("client"), facts.client},
        {QStringLiteral("request"), facts.request},
        {QStringLiteral("reactor"), QString::number(facts.reactor)},
        {QStringLiteral("worker"), QString::number(facts.worker)},
        {QStringLiteral("pid"), QString::number(facts.pid)},
        {QStringLiteral("generation"), QString::number(facts.generation)},
        {QStringLiteral("inMaster"), QString::number(facts.inMaster.count())},
        {QStringLiteral("toWorker"), QString::number(facts.toWorker.count())},
        {QStringLiteral("total"), QString::number((facts.inMaster + facts.toWorker).count())},
    };
}
