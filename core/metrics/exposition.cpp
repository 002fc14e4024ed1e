#include "metrics/exposition.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

namespace Quern::metrics {

namespace {

/// As the text format wants it: prometheus-cpp escapes the values of labels only.
std::string escapedHelp(const std::string &help)
{
    std::string escaped;
    for (const char c : help)
        escaped += c == '\\' ? std::string("\\\\") : c == '\n' ? std::string("\\n") : std::string(1, c);
    return escaped;
}

} // namespace

QByteArray exposition(std::vector<prometheus::MetricFamily> families, const std::string &application)
{
    std::erase_if(families, [](const prometheus::MetricFamily &family) { return family.metric.empty(); });
    for (prometheus::MetricFamily &family : families) {
        family.help = escapedHelp(family.help);
        if (application.empty())
            continue;
        for (prometheus::ClientMetric &metric : family.metric)
            metric.label.insert(metric.label.begin(), {"application", application});
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    return QByteArray::fromStdString(text.str());
}

} // namespace Quern::metrics
