#pragma once

#include "base/clock.h"

#include <prometheus/collectable.h>

#include <QByteArray>

#include <memory>
#include <string>
#include <vector>

namespace Quern::app {

/// What Prometheus is told. It has no numbers of its own: each collector looks at what the server keeps anyway, when it
/// is asked. Lives in the main thread; no child is asked or waited for.
class MetricsDesk final
{
public:
    /// \a application is a label of every metric; empty: of none.
    explicit MetricsDesk(const std::string &application) : m_application(application) {}

    void add(std::unique_ptr<prometheus::Collectable> collector) { m_collectors.push_back(std::move(collector)); }
    /// All metrics, in text format 0.0.4; see metrics::expositionType.
    QByteArray text() const;
    /// The same, up to a fifth of a second old: nobody bounds how often it is asked for.
    QByteArray recentText();

private:
    std::string m_application;
    std::vector<std::unique_ptr<prometheus::Collectable>> m_collectors;
    QByteArray m_recent;
    base::MonotonicTime m_recentAt;
};

} // namespace Quern::app
