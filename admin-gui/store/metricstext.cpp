#include "admin-gui/store/metricstext.h"

#include "admin/protocol/metricsmessages.h"

#include <QCoreApplication>

#include <limits>
#include <optional>

namespace Quern::console {

namespace {

using namespace Qt::Literals::StringLiterals;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::MetricsText)
};

/// Reads one line of the exposition from left to right.
class LineReader
{
public:
    explicit LineReader(QStringView line) : m_rest(line) {}

    QStringView word()
    {
        skipBlanks();
        qsizetype end = 0;
        while (end < m_rest.size() && !m_rest.at(end).isSpace())
            ++end;
        return take(end);
    }
    QString name()
    {
        qsizetype end = 0;
        while (end < m_rest.size() &&
               (m_rest.at(end).isLetterOrNumber() || m_rest.at(end) == u'_' || m_rest.at(end) == u':'))
            ++end;
        return take(end).toString();
    }
    bool takeMark(QChar mark)
    {
        skipBlanks();
        if (!m_rest.startsWith(mark))
            return false;
        m_rest = m_rest.mid(1);
        return true;
    }
    /// Between quotes, with \\, \" and \n.
    std::optional<QString> quoted()
    {
        if (!takeMark(u'"'))
            return std::nullopt;
        QString text;
        for (qsizetype i = 0; i < m_rest.size(); ++i) {
            const QChar each = m_rest.at(i);
            if (each == u'"') {
                m_rest = m_rest.mid(i + 1);
                return text;
            }
            if (each != u'\\') {
                text += each;
            } else if (++i < m_rest.size()) {
                text += m_rest.at(i) == u'n' ? QChar(u'\n') : m_rest.at(i);
            }
        }
        return std::nullopt;
    }
    QStringView rest()
    {
        skipBlanks();
        return m_rest;
    }
    void skipBlanks()
    {
        while (!m_rest.isEmpty() && m_rest.front().isSpace())
            m_rest = m_rest.mid(1);
    }

private:
    QStringView take(qsizetype size)
    {
        const QStringView taken = m_rest.left(size);
        m_rest = m_rest.mid(size);
        return taken;
    }

    QStringView m_rest;
};

std::optional<double> numberIn(QStringView text)
{
    if (text == "+Inf"_L1)
        return std::numeric_limits<double>::infinity();
    if (text == "-Inf"_L1)
        return -std::numeric_limits<double>::infinity();
    if (text == "NaN"_L1)
        return std::numeric_limits<double>::quiet_NaN();
    bool isNumber = false;
    const double value = text.toDouble(&isNumber);
    return isNumber ? std::optional(value) : std::nullopt;
}

std::optional<MetricSample> sampleIn(QStringView line)
{
    LineReader reader(line);
    MetricSample sample;
    sample.name = reader.name();
    if (sample.name.isEmpty())
        return std::nullopt;
    if (reader.takeMark(u'{')) {
        while (!reader.takeMark(u'}')) {
            reader.skipBlanks();
            const QString label = reader.name();
            if (label.isEmpty() || !reader.takeMark(u'='))
                return std::nullopt;
            const std::optional<QString> value = reader.quoted();
            if (!value)
                return std::nullopt;
            sample.labels.insert(label, *value);
            reader.takeMark(u',');
        }
    }
    const std::optional<double> value = numberIn(reader.word());
    if (!value)
        return std::nullopt;
    sample.value = *value;
    return sample;
}

void takeComment(QStringView line, QMap<QString, MetricFamily> &families)
{
    LineReader reader(line.mid(1));
    const QStringView kind = reader.word();
    if (kind != "HELP"_L1 && kind != "TYPE"_L1)
        return;
    const QString name = reader.word().toString();
    MetricFamily &family = families[name];
    family.name = name;
    (kind == "HELP"_L1 ? family.help : family.type) = reader.rest().toString();
}

} // namespace

QString MetricSample::series() const
{
    if (labels.isEmpty())
        return name;
    QStringList parts;
    for (auto it = labels.begin(); it != labels.end(); ++it) {
        QString text = it.value();
        text.replace(u'\\', "\\\\"_L1).replace(u'"', "\\\""_L1).replace(u'\n', "\\n"_L1);
        parts.append(it.key() + "=\""_L1 + text + u'"');
    }
    return name + u'{' + parts.join(u',') + u'}';
}

Result<MetricsSnapshot> MetricsSnapshot::parse(QStringView text)
{
    MetricsSnapshot snapshot;
    qsizetype number = 0;
    for (const QStringView line : text.split(u'\n')) {
        ++number;
        const QStringView content = line.trimmed();
        if (content.isEmpty())
            continue;
        if (content.startsWith(u'#')) {
            takeComment(content, snapshot.families);
            continue;
        }
        std::optional<MetricSample> sample = sampleIn(content);
        if (!sample)
            return Error(Error::Protocol,
                         Text::tr("line %1 of the metrics cannot be read: %2").arg(number).arg(content.left(80)));
        snapshot.samples.append(std::move(*sample));
    }
    return snapshot;
}

Result<MetricsSnapshot> MetricsSnapshot::fromJson(const QJsonObject &json)
{
    const Result<admin::MetricsText> text = admin::MetricsText::fromJson(json);
    return text ? parse(text->text) : Result<MetricsSnapshot>(text.error());
}

const MetricFamily *MetricsSnapshot::familyOf(const MetricSample &sample) const
{
    auto found = families.constFind(sample.name);
    for (const QLatin1StringView suffix : {"_bucket"_L1, "_sum"_L1, "_count"_L1}) {
        if (found == families.constEnd() && sample.name.endsWith(suffix))
            found = families.constFind(sample.name.chopped(suffix.size()));
    }
    return found == families.constEnd() ? nullptr : &*found;
}

} // namespace Quern::console
