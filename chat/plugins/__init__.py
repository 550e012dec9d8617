"""One verb, guard, observer, authenticator or store per file. Other distributions may add files to this package."""

from twisted.plugin import pluginPackagePaths

__path__.extend(pluginPackagePaths(__name__))
__all__: list[str] = []
