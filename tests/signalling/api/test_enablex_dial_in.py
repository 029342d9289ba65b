"""Dial-in numbers, and the older name of the API."""

from signalling.dial_in import DialIn, DialInNumber
from tests.signalling.api.conftest import Api

CONFIGURED = DialIn(
    server_url="sip://sip.example.com:5060",
    username="sip_username",
    password="sip_password",
    signalling_servers=("203.0.113.10", "203.0.113.11"),
    media_servers=("203.0.113.20",),
    numbers=(DialInNumber("United States", "+1", "+18005551234", False), DialInNumber("India", "+91", "+91800", True)),
)


async def test_without_configuration_there_is_none_in_the_same_shape(api: Api) -> None:
    answer = (await api.call("GET", "/dialin/")).json
    assert len(answer.pop("_id")) == 24
    assert answer == {
        "result": 0,
        "app_key": api.credentials.app_id,
        "settings": {"sip": False},
        "sip": {"server_url": "", "username": "", "password": "", "sig_servers": [], "media_servers": []},
        "dialin": [],
    }


async def test_what_is_configured_is_shown(api: Api) -> None:
    await api.server.close()
    api.dial_in = CONFIGURED
    await api.start()
    answer = (await api.call("GET", "/dialin")).json
    assert answer["settings"] == {"sip": True}
    assert answer["sip"] == {
        "server_url": "sip://sip.example.com:5060",
        "username": "sip_username",
        "password": "sip_password",
        "sig_servers": ["203.0.113.10", "203.0.113.11"],
        "media_servers": ["203.0.113.20"],
    }
    assert answer["dialin"] == [
        {"country": "United States", "country_code": "+1", "phone": "+18005551234", "toll": False},
        {"country": "India", "country_code": "+91", "phone": "+91800", "toll": True},
    ]


async def test_every_endpoint_is_found_under_its_older_name_too(api: Api) -> None:
    document = (await api.raw("GET", "/video/v2/openapi.json")).json
    room_id = await api.room()
    values = {
        "{room_id}": room_id,
        "{conf_num}": "CONF-1",
        "{from}": "2027-01-15",
        "{to}": "2027-01-15",
        "{file_id}": "x",
        "{name}": "y",
    }
    for path in document["paths"]:
        for variable, value in values.items():
            path = path.replace(variable, value)
        for slash in ("", "/"):
            answers = [
                await api.raw("GET", f"{prefix}{path.rstrip('/')}{slash}", headers=api.authorization)
                for prefix in ("/video/v2", "/v1")
            ]
            assert answers[0].json == answers[1].json
            assert answers[0].json["result"] != 4041


async def test_the_older_name_asks_for_credentials_too(api: Api) -> None:
    for path in ("/v1", "/v1/rooms", "/v1/nothing"):
        assert (await api.raw("GET", path)).json["result"] == 4011


async def test_nothing_is_asked_with_a_parameter_that_it_does_not_have(api: Api) -> None:
    answer = await api.call("GET", "/dialin/?country=US")
    assert (answer.status, answer.json["result"]) == (400, 4003)
