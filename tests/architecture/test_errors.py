"""Every error that the service explains has its status."""

import importlib
import pkgutil

import pytest

import salsa_ext
from api.problems import STATUS
from salsa_ext.errors import SalsaError

for module in pkgutil.walk_packages(salsa_ext.__path__, "salsa_ext."):
    importlib.import_module(module.name)


def family(error):
    return {error}.union(*(family(child) for child in error.__subclasses__()))


def test_every_error_has_a_row_in_the_table_of_statuses():
    assert family(SalsaError) - STATUS.keys() == set()


def test_the_table_of_statuses_names_only_errors_of_the_service():
    assert STATUS.keys() - family(SalsaError) == set()


@pytest.mark.parametrize("error", sorted(family(SalsaError), key=lambda error: error.__name__))
def test_an_error_says_in_its_docstring_what_it_means(error):
    assert error.__doc__
