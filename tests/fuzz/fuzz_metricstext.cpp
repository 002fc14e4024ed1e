#include "fuzzsupport.h"

#include "admin-gui/store/metricstext.h"

using namespace Quern;
using console::MetricSample;
using console::MetricsSnapshot;
using fuzz::fail;

/// The input is an exposition of metrics. What is read can be written and read again, and is the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView bytes(data, qsizetype(size));
    const Result<MetricsSnapshot> snapshot = MetricsSnapshot::parse(QString::fromUtf8(bytes));
    if (!snapshot) {
        if (snapshot.error().message().isEmpty())
            fail("refused without a word", bytes);
        return 0;
    }
    for (const MetricSample &sample : snapshot->samples) {
        snapshot->familyOf(sample);
        const QString line = sample.series() + QStringLiteral(" 1");
        const Result<MetricsSnapshot> again = MetricsSnapshot::parse(line);
        if (!again)
            fail("what was read cannot be read again", bytes, line.toUtf8());
        if (again->samples.size() != 1 || again->samples.at(0).name != sample.name ||
            again->samples.at(0).labels != sample.labels)
            fail("read again it is another", bytes, line.toUtf8());
    }
    return 0;
}
