#include "cron/cronfield.h"

#include "cron/text.h"

#include <QStringList>

#include <array>
#include <optional>

using namespace Qt::Literals::StringLiterals;

namespace Quern::cron {

namespace {

struct Form
{
    const char *name;
    int first;
    int last;
};

constexpr std::array forms = {
    Form{QT_TRANSLATE_NOOP("Quern::cron", "second"), 0, 59},
    Form{QT_TRANSLATE_NOOP("Quern::cron", "minute"), 0, 59},
    Form{QT_TRANSLATE_NOOP("Quern::cron", "hour"), 0, 23},
    Form{QT_TRANSLATE_NOOP("Quern::cron", "day of the month"), 1, 31},
    Form{QT_TRANSLATE_NOOP("Quern::cron", "month"), 1, 12},
    Form{QT_TRANSLATE_NOOP("Quern::cron", "day of the week"), 0, 7},
};

constexpr std::array monthNames = {"jan"_L1, "feb"_L1, "mar"_L1, "apr"_L1, "may"_L1, "jun"_L1,
                                   "jul"_L1, "aug"_L1, "sep"_L1, "oct"_L1, "nov"_L1, "dec"_L1};
constexpr std::array dayNames = {"sun"_L1, "mon"_L1, "tue"_L1, "wed"_L1, "thu"_L1, "fri"_L1, "sat"_L1};

template <typename Names>
int indexOf(const Names &names, const QString &word)
{
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (word.compare(names[i], Qt::CaseInsensitive) == 0)
            return int(i);
    }
    return -1;
}

/// Reads one field of one kind.
class FieldParser
{
public:
    explicit FieldParser(FieldKind kind) : m_kind(kind), m_form(forms.at(std::size_t(kind))) {}

    Result<CronField> parse(const QString &text) const
    {
        CronField field;
        field.beginsWithStar = text.startsWith(u'*');
        for (const QString &item : text.split(u',')) {
            const Result<quint64> values = parseItem(item, text);
            if (!values)
                return values.error();
            field.values |= *values;
        }
        // 7 is Sunday as 0 is.
        if (m_kind == FieldKind::DayOfWeek && (field.values & (1 << 7)) != 0)
            field.values = (field.values & ~quint64(1 << 7)) | 1;
        return field;
    }

private:
    Result<quint64> parseItem(const QString &item, const QString &text) const
    {
        const qsizetype slash = item.indexOf(u'/');
        const QString range = slash < 0 ? item : item.left(slash);
        const qsizetype dash = range.indexOf(u'-');
        int first = m_form.first;
        int last = m_kind == FieldKind::DayOfWeek ? 6 : m_form.last;
        if (range != u"*") {
            const std::optional<int> from = number(dash < 0 ? range : range.left(dash));
            std::optional<int> to = dash < 0 ? from : number(range.mid(dash + 1));
            if (!from || !to)
                return notUnderstood(item, text);
            // A week may end with its Sunday.
            if (m_kind == FieldKind::DayOfWeek && dash >= 0 && *to == 0 && *from > 0)
                to = 7;
            if (*from > *to)
                return error(Text::tr("has the range \"%1\", which runs backwards; write \"%2-%3,%4-%5\"")
                                 .arg(range)
                                 .arg(*from)
                                 .arg(m_form.last)
                                 .arg(m_form.first)
                                 .arg(*to));
            if (slash >= 0 && dash < 0)
                return error(Text::tr("has \"%1\", a step without a range; write \"%2-%3%4\"")
                                 .arg(item)
                                 .arg(*from)
                                 .arg(last)
                                 .arg(item.mid(slash)));
            first = *from;
            last = *to;
        }
        int step = 1;
        if (slash >= 0) {
            const std::optional<int> written = digits(item.mid(slash + 1));
            if (!written || *written < 1 || *written > m_form.last)
                return error(Text::tr("has the step \"%1\"; write a number from 1 to %2 behind the \"/\"")
                                 .arg(item.mid(slash + 1).left(longestShown))
                                 .arg(m_form.last));
            step = *written;
        }
        quint64 values = 0;
        for (int value = first; value <= last; value += step)
            values |= quint64(1) << value;
        return values;
    }

    /// A number within the bounds, or a name of this field.
    std::optional<int> number(const QString &word) const
    {
        if (m_kind == FieldKind::Month && indexOf(monthNames, word) >= 0)
            return indexOf(monthNames, word) + 1;
        if (m_kind == FieldKind::DayOfWeek && indexOf(dayNames, word) >= 0)
            return indexOf(dayNames, word);
        const std::optional<int> value = digits(word);
        return value && *value >= m_form.first && *value <= m_form.last ? value : std::nullopt;
    }

    static std::optional<int> digits(const QString &word)
    {
        int value = 0;
        for (const QChar c : word) {
            if (c < u'0' || c > u'9' || word.size() > 2)
                return std::nullopt;
            value = value * 10 + (c.unicode() - u'0');
        }
        return word.isEmpty() ? std::nullopt : std::optional(value);
    }

    Error notUnderstood(const QString &item, const QString &text) const
    {
        const QString expected = m_kind == FieldKind::Month ? Text::tr("1 to 12 or jan to dec")
                                 : m_kind == FieldKind::DayOfWeek
                                     ? Text::tr("0 to 7 or sun to sat")
                                     : Text::tr("%1 to %2").arg(m_form.first).arg(m_form.last);
        if (item.isEmpty() && text.contains(u','))
            return error(Text::tr("has a comma too many in \"%1\"; remove it").arg(text.left(longestShown)));
        if (text == u"?")
            return error(Text::tr("is \"?\"; write \"*\""));
        return error(Text::tr("has \"%1\"; write %2, a range such as \"%3-%4\", or \"*\"")
                         .arg(item.left(longestShown), expected)
                         .arg(m_form.first)
                         .arg(m_form.first + 4));
    }

    Error error(const QString &what) const
    {
        return Error(Error::Invalid, Text::tr("the field \"%1\" %2").arg(Text::tr(m_form.name), what));
    }

    static constexpr qsizetype longestShown = 40;

    FieldKind m_kind;
    const Form &m_form;
};

} // namespace

Result<CronField> parseCronField(FieldKind kind, const QString &text)
{
    return FieldParser(kind).parse(text);
}

} // namespace Quern::cron
