#include "config/settings.h"

#include <QThread>

#include <algorithm>

namespace Quern::config {

int defaultWorkerNum()
{
    return std::clamp(QThread::idealThreadCount(), 1, 1024);
}

int defaultReactorNum()
{
    return std::clamp(QThread::idealThreadCount() / 2, 1, 8);
}

} // namespace Quern::config
