"""Which columns hold personal values, and which name a person only beside something else."""

from salsa_ext.database.session import Base

DIRECT = {
    "officer.number",
    "party.name",
    "party.address",
    "party.contact",
    "party.identification",
    "party.licence",
}
BY_LINK = {  # each with what has to stand beside it before it names someone
    "licensee.name_key": "who guesses the name; it is erased with the party",
    "contact.mou_user": "who works with eTrace for the office",
    "hit.serial_read": "who was met with the gun of this serial",
    "serial_check.mark": "who registered the gun of this serial",
    "serial_check.query": "who registered the gun of this serial",
    "record.register_number": "who had the gun, in the register of its owner",
    "report.place": "who lives at the place",
    "seizure.latitude": "who lives at the place",
    "seizure.longitude": "who lives at the place",
    "seizure.place_name": "who lives at the place",
    "shipment.plates": "who keeps the vehicle; a shipment is found by them",
    "transfer.licence": "who got it from the register that issued it; it is the transaction's",
}


def tagged(kind):
    return {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.info.get("pii") == kind
    }


def test_personal_values_stand_with_the_parties_alone():
    assert tagged("direct") == DIRECT


def test_what_names_a_person_by_link_is_listed():
    assert tagged("link") == BY_LINK.keys()


def test_a_tag_is_one_of_two():
    tags = {
        column.info["pii"]
        for table in Base.metadata.tables.values()
        for column in table.columns
        if "pii" in column.info
    }
    assert tags == {"direct", "link"}


def test_every_personal_value_can_be_erased():
    party = Base.metadata.tables["party"]
    assert all(column.nullable for column in party.columns if column.info.get("pii") == "direct")
