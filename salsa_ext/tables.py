"""Import of all models, so that the metadata are complete for migrations."""

from importlib import import_module
from pkgutil import walk_packages

import salsa_ext

for module in walk_packages(salsa_ext.__path__, "salsa_ext."):
    if module.name.endswith(".models"):
        import_module(module.name)
