#include "metrics/exposition.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

namespace Quern::metrics {

QByteArray exposition(std::vector<prometheus::MetricFamily> families, const std::string &application)
{
    std::erase_if(families, [](const prometheus::MetricFamily &family) { return family.metric.empty(); });
    if (!application.empty()) {
        for (prometheus::MetricFamily &family : families) {
            for (prometheus::ClientMetric &metric : family.metric)
                metric.label.insert(metric.label.begin(), {"application", application});
        }
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    return QByteArray::fromStdString(text.str());
}

} // namespace Quern::metrics
