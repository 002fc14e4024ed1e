#include "admin-gui/models/format.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace Quern::console::format {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::Format)
};

/// Three figures that mean something: "1.23", "12.3", "123".
QString threeFigures(double value)
{
    const double size = std::abs(value);
    const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    return QLocale().toString(value, 'f', decimals);
}

} // namespace

QString count(qint64 value)
{
    return QLocale().toString(value);
}

QString number(double value)
{
    if (!std::isfinite(value))
        return std::isnan(value) ? QStringLiteral("–") : QStringLiteral("∞");
    const double size = std::abs(value);
    return QLocale().toString(value, 'f', size >= 100 || value == std::floor(value) ? 0 : size >= 1 ? 1 : 2);
}

QString rate(double perSecond)
{
    return Text::tr("%1/s").arg(number(perSecond));
}

QString bytes(qint64 value)
{
    if (value == 0)
        return QStringLiteral("0");
    return QLocale().formattedDataSize(value, std::abs(value) < 1024 ? 0 : 1, QLocale::DataSizeIecFormat);
}

QString memoryTrend(double bytesPerMinute)
{
    constexpr double leastOfNote = 16 * 1024;
    if (std::abs(bytesPerMinute) < leastOfNote)
        return {};
    const QString sign = bytesPerMinute > 0 ? QStringLiteral("+") : QStringLiteral("−");
    return Text::tr("%1/min").arg(sign + bytes(qint64(std::abs(bytesPerMinute))));
}

QString percent(double percent)
{
    return Text::tr("%1 %").arg(QLocale().toString(percent, 'f', percent > 0 && percent < 9.95 ? 1 : 0));
}

QString duration(std::chrono::microseconds value)
{
    const double us = double(value.count());
    if (us < 1000)
        return Text::tr("%1 µs").arg(us, 0, 'f', 0);
    if (us < 1e6)
        return Text::tr("%1 ms").arg(threeFigures(us / 1e3));
    if (us < 60e6)
        return Text::tr("%1 s").arg(threeFigures(us / 1e6));
    const qint64 seconds = value.count() / 1'000'000;
    if (seconds < 3600)
        return Text::tr("%1 min %2 s").arg(seconds / 60).arg(seconds % 60);
    if (seconds < 86400)
        return Text::tr("%1 h %2 min").arg(seconds / 3600).arg(seconds / 60 % 60);
    return Text::tr("%1 d %2 h").arg(seconds / 86400).arg(seconds / 3600 % 24);
}

QString moment(const QDateTime &time, const QDateTime &now)
{
    if (!time.isValid())
        return {};
    const QDateTime local = time.toLocalTime();
    if (local.date() == now.toLocalTime().date())
        return local.toString(QStringLiteral("HH:mm:ss"));
    return QLocale().toString(local, Text::tr("MMM d HH:mm:ss"));
}

QString exactMoment(const QDateTime &time)
{
    return time.isValid() ? time.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz")) : QString();
}

QString oneLine(const QString &text, qsizetype longest)
{
    QString line = text.left(longest + 1);
    line.replace(u'\n', u' ');
    if (line.size() > longest)
        line = line.left(longest - 1) + u'…';
    return line;
}

QString tip(const QString &text)
{
    if (!text.contains(u'<'))
        return text;
    QString escaped = text.toHtmlEscaped();
    return QStringLiteral("<qt>%1</qt>").arg(escaped.replace(u'\n', QStringLiteral("<br>")));
}

} // namespace Quern::console::format
