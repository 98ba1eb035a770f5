"""Actors: who acts, detached from the database; and what each may do."""

import dataclasses

import pytest

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import (
    ROLE_PERMISSIONS,
    has_limited_key,
    operator,
    require,
    role_permissions,
    service,
    visitor,
)
from salsa_ext.core.actor import NO_VAULT, Actor, NoVault, Purpose
from salsa_ext.core.clock import SYSTEM_CLOCK, SystemClock
from salsa_ext.core.errors import CodeLabel, CodeLabels, Forbidden, message

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


def test_a_role_may_what_the_map_names_and_no_more():
    assert role_permissions("secretariat") == {
        Permission.KEY_ISSUE,
        Permission.REFERENCE_READ,
        Permission.RELEASE_CREATE,
        Permission.ANNUAL_REPORT_WRITE,
        Permission.STATISTICS_READ,
    }


def test_a_key_is_limited_that_lacks_a_permission_of_its_role():
    assert not has_limited_key(OFFICER)
    assert has_limited_key(
        dataclasses.replace(OFFICER, permissions=OFFICER.permissions - {Permission.CHECK_MAKE})
    )


def refusal(actor, permission, owner=None):
    with pytest.raises(Forbidden) as refused:
        require(actor, permission, owner)
    return refused.value


def test_a_refusal_names_the_roles_that_have_the_permission():
    refused = refusal(OFFICER, Permission.TRANSFER_RECORD)
    assert refused.details == {"permission": "transfer:record"}
    assert refused.message == message(
        "“{what}” is for these roles: {roles}.",
        what=CodeLabel("permission", "transfer:record"),
        roles=CodeLabels("role", ("licensing_officer",)),
    )


def test_a_key_without_a_permission_is_refused_with_its_name():
    limited = dataclasses.replace(OFFICER, permissions=frozenset())
    needed = message("This needs the permission {permission}.", permission="check:make")
    assert refusal(limited, Permission.CHECK_MAKE).message == needed


def test_of_a_permission_that_no_role_has_the_permission_is_named(monkeypatch):
    monkeypatch.setitem(ROLE_PERMISSIONS, "display", frozenset())
    needed = message("This needs the permission {permission}.", permission="wall:read")
    assert refusal(OFFICER, Permission.WALL_READ).message == needed


def test_what_another_state_owns_is_not_changed():
    belongs = "This belongs to {state}; only its authorities may change it."
    refused = refusal(OFFICER, Permission.SEIZURE_RECORD, "PRY")
    assert refused.message == message(belongs, state="PRY")


def test_what_the_own_state_owns_is_changed():
    require(OFFICER, Permission.SEIZURE_RECORD, "BRA")


CLOCK, VAULT = SystemClock(), NoVault()


def test_the_command_line_may_everything_in_one_state():
    actor = operator("BRA", "BRA-POLICE", CLOCK, VAULT)
    assert actor == Actor("BRA", "operator", frozenset(Permission), "BRA-POLICE")
    assert (actor.clock, actor.vault) == (CLOCK, VAULT)
    assert (operator("BRA").clock, operator("BRA").vault) == (SYSTEM_CLOCK, NO_VAULT)
    with pytest.raises(Forbidden):
        require(actor, Permission.SEIZURE_RECORD, "PRY")


def test_the_service_acts_as_the_command_line_and_says_that_nobody_did():
    actor = service("BRA", CLOCK, VAULT)
    assert actor == Actor("BRA", "operator", frozenset(Permission), is_automatic=True)
    assert (actor.clock, actor.vault) == (CLOCK, VAULT)


def test_a_visitor_has_no_state_and_may_nothing():
    actor = visitor(CLOCK)
    assert (actor, actor.clock) == (Actor(None, "operator", frozenset()), CLOCK)


def test_no_role_both_writes_a_trace_and_approves_it():
    both = {Permission.TRACE_REQUEST, Permission.TRACE_APPROVE}
    assert [role for role, allowed in ROLE_PERMISSIONS.items() if both <= allowed] == []
