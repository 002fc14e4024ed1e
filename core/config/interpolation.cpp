#include "config/interpolation.h"

#include "config/text.h"
#include "config/tomltext.h"

namespace Quern::config {

namespace {

/// Expands one string after the other.
class Interpolator
{
public:
    Interpolator(const Environment &environment, Problems &problems) : m_environment(environment), m_problems(problems)
    {
    }

    void walk(TomlValue &value, const QString &path)
    {
        for (TomlValue &element : value.elements)
            walk(element, path);
        for (TomlEntry &entry : value.entries)
            walk(entry.value, path.isEmpty() ? tomlKey(entry.key) : path + u'.' + tomlKey(entry.key));
        if (value.isString() && value.scalar.toString().contains(u'$'))
            expand(value, path);
    }

private:
    void expand(TomlValue &value, const QString &path)
    {
        const QString text = value.scalar.toString();
        QString expanded;
        QList<UsedVariable> variables;
        bool isOnlyVariables = true;
        for (qsizetype at = 0; at < text.size();) {
            const QStringView rest = QStringView(text).sliced(at);
            if (!rest.startsWith(u"${")) {
                isOnlyVariables = false;
                expanded += rest.front();
                at += rest.startsWith(u"$$") ? 2 : 1;
                continue;
            }
            const Result<qsizetype> length = expandVariable(rest, expanded, variables);
            if (!length) {
                m_problems.add(value.line, path, length.error().message());
                return;
            }
            at += *length;
        }
        m_size += expanded.size();
        if (m_size > longestExpansion) {
            m_problems.add(value.line, path,
                           Text::tr("the variables make this file longer than %1 characters; use them less often, or "
                                    "shorten their values")
                               .arg(longestExpansion));
            return;
        }
        value.scalar = expanded;
        value.variables = variables;
        value.isOnlyVariables = isOnlyVariables;
    }

    /// Adds what the variable at the front of \a text stands for; the length of its name with braces and default.
    Result<qsizetype> expandVariable(QStringView text, QString &expanded, QList<UsedVariable> &variables) const
    {
        const qsizetype end = text.indexOf(u'}');
        const QStringView inner = end < 0 ? QStringView() : text.sliced(2, end - 2);
        const qsizetype colon = inner.indexOf(u":-");
        const QString name = (colon < 0 ? inner : inner.first(colon)).toString();
        if (end < 0)
            return Error(Error::Invalid, Text::tr("\"${\" is not closed; write ${NAME} or ${NAME:-default}, or $${ for "
                                                  "the two characters"));
        if (!isVariableName(name)) {
            return Error(Error::Invalid,
                         Text::tr("%1 names no variable; write ${NAME} or ${NAME:-default}, with "
                                  "letters, digits and \"_\" in the name, or $${ for the two characters")
                             .arg(shownString(text.first(end + 1).toString())));
        }
        if (inner.contains(u"${")) {
            return Error(Error::Invalid,
                         Text::tr("the default of %1 holds another \"${\", which is not expanded; write "
                                  "a plain default")
                             .arg(name));
        }
        const auto variable = m_environment.find(name);
        if (!variable && colon < 0) {
            return Error(Error::Invalid,
                         Text::tr("the variable %1 is not set; set it in .env or in the environment, or write "
                                  "${%1:-default}")
                             .arg(name));
        }
        if (variable && (colon < 0 || !variable->value.isEmpty())) {
            expanded += variable->value;
            variables.append({name, variable->place});
        } else {
            expanded += inner.sliced(colon + 2);
            variables.append({name, {}});
        }
        if (m_size + expanded.size() > longestExpansion)
            return text.size(); // expand() refuses it
        return end + 1;
    }

    const Environment &m_environment;
    Problems &m_problems;
    qint64 m_size = 0;
};

} // namespace

void interpolate(TomlValue &document, const Environment &environment, Problems &problems)
{
    Interpolator(environment, problems).walk(document, {});
}

} // namespace Quern::config
