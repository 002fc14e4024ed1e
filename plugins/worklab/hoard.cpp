#include "hoard.h"

#include <Quern/process.h>
#include <Quern/task.h>

#include <QByteArray>
#include <QList>

#include <chrono>
#include <memory>
#include <mutex>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace Worklab {

namespace {

class Hoard
{
public:
    void add(int mebibytes)
    {
        const std::lock_guard lock(m_mutex);
        m_kept.append(QByteArray(qsizetype(mebibytes) << 20, 'x'));
    }

private:
    std::mutex m_mutex;
    QList<QByteArray> m_kept; ///< guarded by it
};

} // namespace

void installHoard(Quern::Application &app)
{
    const auto hoard = std::make_shared<Hoard>();
    app.post("/lab/hoard", [hoard](const Quern::Request &request, Quern::Response &response) {
        hoard->add(request.query("mib").toInt());
        response.text("kept\n");
    });
    app.task("hoard", [hoard](Quern::Task &task) { hoard->add(task.payload().value(u"mib"_s).toInt()); });
    app.process("hoarder", [hoard](Quern::Process &process) {
        hoard->add(process.parameters().value(u"mib"_s).toInt());
        while (!process.waitForStop(1h)) {
        }
    });
}

} // namespace Worklab
