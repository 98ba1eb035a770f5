"""Actors: who acts, detached from the database; and what each may do."""

import dataclasses

import pytest

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import ROLE_PERMISSIONS, operator, require, role_permissions
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import Forbidden

OFFICER = Actor("BRA", "police_officer", role_permissions("police_officer"))


def test_an_actor_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        OFFICER.state = "PRY"


def test_a_purpose_makes_another_actor():
    acting = OFFICER.for_purpose(Purpose("seizure", "C-1"))
    assert (acting.purpose.case_number, OFFICER.purpose) == ("C-1", None)


def test_an_actor_without_a_state_has_no_own_one():
    with pytest.raises(AssertionError):
        Actor(None, "secretariat", frozenset()).own_state()


def test_a_role_that_the_map_does_not_name_may_nothing():
    assert role_permissions("janitor") == frozenset()


def test_a_permission_that_the_actor_has_is_passed():
    require(OFFICER, Permission.CHECK_MAKE)


def test_a_permission_that_the_actor_lacks_is_refused():
    with pytest.raises(Forbidden):
        require(OFFICER, Permission.PERMIT_RECORD)


def test_what_another_state_owns_is_not_changed():
    with pytest.raises(Forbidden):
        require(OFFICER, Permission.SEIZURE_RECORD, "PRY")


def test_what_the_own_state_owns_is_changed():
    require(OFFICER, Permission.SEIZURE_RECORD, "BRA")


def test_the_command_line_may_everything_in_one_state():
    assert operator("BRA").permissions == frozenset(Permission)
    with pytest.raises(Forbidden):
        require(operator("BRA"), Permission.SEIZURE_RECORD, "PRY")


def test_no_role_both_writes_a_trace_and_approves_it():
    both = {Permission.TRACE_REQUEST, Permission.TRACE_APPROVE}
    assert [role for role, allowed in ROLE_PERMISSIONS.items() if both <= allowed] == []
