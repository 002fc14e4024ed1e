#pragma once

#include <QtCore/qglobal.h>

#if defined(QUERN_SDK_LIBRARY)
#define QUERN_EXPORT Q_DECL_EXPORT
#else
#define QUERN_EXPORT Q_DECL_IMPORT
#endif

/// The version of the binary interface between the server and its plugins. It changes when a plugin built against
/// an older SDK can no longer be loaded. A plugin carries it in its metadata, as the end of QuernHandlerPlugin_iid.
#define QUERN_ABI_VERSION 1
