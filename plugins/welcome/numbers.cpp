#include "numbers.h"

std::optional<int> numberOf(const Quern::Request &request, Quern::Response &response, const NumberRule &rule)
{
    const QString text = request.query(rule.name);
    if (text.isNull())
        return rule.usual;
    bool isNumber = false;
    const int number = text.toInt(&isNumber);
    if (isNumber && number >= 0 && number <= rule.most)
        return number;
    response.setStatus(400).text(QStringLiteral("%1 is a whole number from 0 to %2, for instance ?%1=%3\n")
                                     .arg(QString::fromLatin1(rule.name))
                                     .arg(rule.most)
                                     .arg(rule.usual));
    return std::nullopt;
}
