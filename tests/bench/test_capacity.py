from bench.adapters.server import Server
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.scenarios import capacity
from bench.windows import Windows
from tests.support.faulty_server import FaultyServer, faithful


async def test_the_search_ends_close_below_what_a_server_can_do(monkeypatch):
    tried: list[float] = []

    async def measure(engine: Engine, server: Server, window: Windows) -> Round:
        tried.append(engine.pace)
        forwarded = min(engine.pace, 2.9) * 1000
        lost = 0.0 if engine.pace <= 2.9 else 5.0
        return Round({"packets_per_second": forwarded, "loss": lost, "client_cpu": 20.0})

    monkeypatch.setattr(capacity, "measure", measure)
    monkeypatch.setattr(capacity, "SETTLE", 0.0)
    monkeypatch.setattr(capacity, "RECOVER", 0.0)
    engine = Engine(burst=Burst())
    outcome = await capacity.Search(FaultyServer(faithful), engine, 1000.0).run()
    assert 2600 < outcome.figures["capacity"] <= 2900
    assert tried[:4] == [0.5, 1.0, 2.0, 4.0]


async def test_a_server_that_reads_too_little_is_not_taken_for_a_fast_one(monkeypatch):
    async def measure(engine: Engine, server: Server, window: Windows) -> Round:
        return Round({"packets_per_second": 100.0, "loss": 0.0, "client_cpu": 95.0})

    monkeypatch.setattr(capacity, "measure", measure)
    monkeypatch.setattr(capacity, "SETTLE", 0.0)
    monkeypatch.setattr(capacity, "RECOVER", 0.0)
    monkeypatch.setattr(capacity, "FINEST", 0.4)
    outcome = await capacity.Search(FaultyServer(faithful), Engine(burst=Burst()), 1000.0).run()
    assert outcome.figures["capacity"] == 0.0
    assert any("the load client was busy" in note for note in outcome.notes)
