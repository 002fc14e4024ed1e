#include <Quern/handlerplugin.h>

#include <string_view>

// The version is written twice, since moc wants one literal: they must not drift apart.
static_assert(std::string_view(QuernHandlerPlugin_iid) == "org.quern.HandlerPlugin/" QT_STRINGIFY(QUERN_ABI_VERSION));
