"""A refusal for lack of a permission comes before all other errors."""


def test_a_refusal_comes_before_errors_of_the_body(as_actor):
    answer = as_actor("BRA", "auditor").post("/transfers", {"no": "such field"}, 403).json
    assert answer["detail"] == "“record transfers” is for these roles: licensing officer."
    assert answer["permission"] == "transfer:record"
    assert "errors" not in answer


def test_a_refusal_comes_before_errors_of_the_object(as_actor):
    path = "/transfers/0199f2c0-0000-7000-8000-000000000000/correct"
    as_actor("BRA", "auditor").post(path, {}, 403)
