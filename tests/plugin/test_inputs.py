"""Draws and clock of marked tests: what was said in the recording is said again in the replay."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from sealtape.interaction import Recording, Response, Scrubbed
from sealtape.seal.format import seal, unseal
from sealtape.seal.keyring import parse_key
from tests.plugin.projects import Project, Run
from tests.servers import Service

HEAD = """
import datetime, os, pathlib, random, secrets, subprocess, sys, tempfile, threading, time, unittest, uuid
import pytest, requests

def say(*words):
    with open(os.environ["SAID"], "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")

def ask():
    assert requests.get(os.environ["URL"] + "/json").ok

def year():
    return datetime.datetime.now(datetime.UTC).year
"""


class Told(Project):
    """A project whose tests say what they were given, and cannot be answered wrongly for it."""

    def tests(self, text: str, **more: str) -> Told:
        """Write ``test_it.py`` below a few functions, and other files."""
        files = {name.replace("__", "."): content for name, content in more.items()}
        self.write({"test_it.py": HEAD + textwrap.dedent(text), **files})
        return self

    def run(self, http: Service, *args: str, **environment: str) -> tuple[Run, list[str]]:
        """Return how a run went and what was said in it."""
        said = self.folder.parent / "said"
        said.write_text("")
        run = self.pytest(*args, URL=http.url, SAID=str(said), **environment)
        return run, said.read_text().splitlines()

    def recorded(self, http: Service, *args: str, mode: str = "once", **environment: str) -> list[str]:
        """Return what was said while everything was recorded."""
        run, said = self.run(http, f"--record-mode={mode}", *args, **environment)
        assert run.code == 0, run.output
        return said

    def replayed(self, http: Service, *args: str, **environment: str) -> list[str]:
        """Return what was said in a replay that passed without asking anybody."""
        asked = len(http.asked)
        run, said = self.run(http, *args, **environment)
        assert run.code == 0, run.output
        assert len(http.asked) == asked
        return said

    def recording(self, path: Path) -> Recording:
        return unseal(path.read_bytes(), parse_key(self.key, where="test"), where="x")

    def backdate(self) -> None:
        """Let every cassette have been recorded in 2001."""
        for path in self.folder.rglob("*.tape"):
            recording = self.recording(path)
            made = tuple(map(_backdated, recording.interactions))
            old = replace(recording, interactions=made, start="2001-02-03T04:05:06.000000+00:00")
            path.write_bytes(seal(old, parse_key(self.key, where="test")).data)


def _backdated(recorded: Scrubbed) -> Scrubbed:
    outcome = recorded.interaction.outcome
    assert isinstance(outcome, Response)
    dated = ("Date", "Sat, 03 Feb 2001 04:05:06 GMT")
    headers = tuple(dated if field[0] == "Date" else field for field in outcome.headers)
    told = replace(recorded.interaction, outcome=replace(outcome, headers=headers))
    return replace(recorded, interaction=told)


@pytest.fixture
def project(tmp_path: Path) -> Told:
    folder = tmp_path / "project"
    folder.mkdir()
    return Told(folder)


DRAWING = """
    import faker, numpy

    @pytest.mark.vcr
    def test_marked():
        say(uuid.uuid4(), random.random(), random.Random().random(), secrets.token_hex(8))
        say(os.path.basename(tempfile.mktemp()), numpy.random.rand(), faker.Faker().name())
        ask()
"""


def test_what_a_test_draws_is_drawn_again_and_a_new_recording_draws_anew(
    project: Told, http: Service
) -> None:
    first = project.tests(DRAWING).recorded(http)
    assert project.replayed(http) == first
    assert not set(" ".join(first).split()) & set(" ".join(project.recorded(http, mode="rewrite")).split())


def test_nothing_is_drawn_again_where_no_cassette_is_open(project: Told, http: Service) -> None:
    text = """
        @pytest.mark.vcr
        def test_marked():
            ask()

        def test_unmarked():
            say(uuid.uuid4(), random.random(), time.time(), secrets.token_hex(), tempfile.mktemp())

        @pytest.mark.vcr
        def test_without_a_cassette():
            say(uuid.uuid4(), random.random(), time.time(), secrets.token_hex(), tempfile.mktemp())
    """
    first = project.tests(text).recorded(http)
    project.backdate()
    assert not set(" ".join(first).split()) & set(" ".join(project.replayed(http)).split())
    assert os_urandom_of(project, http) == "urandom"


def os_urandom_of(project: Told, http: Service) -> str:
    """Return the name of what ``os.urandom`` is while no marked test runs, after some did."""
    text = """
        @pytest.mark.vcr
        def test_marked():
            assert os.urandom.__name__ == "_urandom"
            ask()

        def test_unmarked():
            say(os.urandom.__name__)
    """
    return project.tests(text).recorded(http, mode="rewrite")[0]


# Choosing.


CHOOSING = """
    @pytest.mark.vcr
    def test_plain():
        say("plain", uuid.uuid4(), year())
        ask()

    @pytest.mark.vcr(draws="real", clock="real")
    def test_marker():
        say("marker", uuid.uuid4(), year())
        ask()

    class TestConfig:
        @pytest.fixture
        def vcr_config(self):
            return {"draws": "real", "clock": "real"}

        @pytest.mark.vcr
        def test_config(self):
            say("config", uuid.uuid4(), year())
            ask()
"""


def test_draws_and_clock_are_chosen_by_marker_config_option_environment_and_file(
    project: Told, http: Service
) -> None:
    plain, marker, config = project.tests(CHOOSING).recorded(http)
    for path in project.folder.rglob("*.tape"):
        assert bool(project.recording(path).seed) == bool(project.recording(path).start)
        assert bool(project.recording(path).seed) == ("plain" in path.name)
    # Older cassettes have neither, and are replayed by seeds that were recorded all the same.
    project.backdate()
    again = project.replayed(http)
    assert again[0] == re.sub(r"\d+$", "2001", plain)
    assert not {marker, config} & set(again)
    assert ["2001" in line for line in again] == [True, False, False]
    options = project.replayed(http, "--sealtape-draws=real", "--sealtape-clock=real")
    environment = project.replayed(http, SEALTAPE_DRAWS="real", SEALTAPE_CLOCK="real")
    project.write({"pyproject.toml": "[tool.sealtape]\ndraws = 'real'\nclock = 'real'\n"})
    for said in (options, environment, project.replayed(http)):
        assert said[0] not in (plain, again[0])
        assert not any("2001" in line for line in said)


def test_a_wrong_choice_is_named_with_its_place(project: Told, http: Service) -> None:
    text = """
        @pytest.mark.vcr(clock="fast")
        def test_it():
            ask()
    """
    run, _ = project.tests(text).run(http)
    assert "vcr(clock=…): 'clock' cannot be 'fast': it is one of tick, stand, real" in run.output
    assert run.outcomes == {"error": 1}
    run, _ = project.run(http, "--sealtape-draws=maybe")
    assert "argument --sealtape-draws: invalid choice: 'maybe'" in run.output


# The clock.


def test_a_replay_begins_at_the_recorded_time_and_time_passes(project: Told, http: Service) -> None:
    text = """
        @pytest.mark.vcr
        def test_an_expired_token_is_renewed():
            ask()
            expires = time.time() + 0.2
            time.sleep(0.25)
            assert time.time() > expires
            ask()
            say(year(), time.localtime().tm_year, datetime.date.today().year)
    """
    now = project.tests(text).recorded(http)
    assert now != ["2001 2001 2001"]
    project.backdate()
    assert project.replayed(http) == ["2001 2001 2001"]


def test_a_standing_clock_stands_in_the_recording_too(project: Told, http: Service) -> None:
    text = """
        @pytest.mark.vcr(clock="stand")
        def test_it():
            say(time.time_ns(), uuid.uuid1())
            time.sleep(0.01)
            ask()
            say(time.time_ns(), datetime.datetime.now().isoformat())
    """
    said = project.tests(text).recorded(http)
    assert said[0].split()[0] == said[1].split()[0]
    assert project.replayed(http) == said


FREEZING = """
    import freezegun, time_machine

    @pytest.mark.vcr
    @freezegun.freeze_time("1999-01-01")
    def test_freezegun_decorator():
        assert year() == 1999
        ask()

    @pytest.mark.vcr
    def test_freezegun_context():
        with freezegun.freeze_time("1999-01-01"):
            assert year() == 1999
            ask()
        say(year())

    @pytest.fixture
    def frozen():
        with freezegun.freeze_time("1999-01-01") as frozen:
            yield frozen

    @pytest.mark.vcr
    def test_freezegun_fixture(frozen):
        ask()
        frozen.tick(60)
        assert year() == 1999

    @pytest.mark.frozen_first
    @pytest.mark.vcr
    def test_freezegun_before_the_cassette(frozen):
        assert year() == 1999
        ask()

    @pytest.mark.vcr
    @time_machine.travel("1999-01-01")
    def test_travel_decorator():
        assert year() == 1999
        ask()

    @pytest.mark.vcr
    def test_travel_context():
        with time_machine.travel("1999-01-01", tick=False):
            assert year() == 1999
            ask()
        say(year())

    @pytest.mark.vcr
    def test_travel_fixture(time_machine):
        time_machine.move_to("1999-01-01")
        ask()
        assert year() == 1999

    @pytest.mark.time_machine("1999-01-01")
    @pytest.mark.vcr
    def test_travel_before_the_cassette():
        assert year() == 1999
        ask()

    @pytest.mark.vcr
    def test_patch(monkeypatch):
        monkeypatch.setattr(time, "time", lambda: 5.0)
        ask()
        assert time.time() == 5.0

    def test_real():
        assert year() not in (1999, 2001)
"""
FIRST = """
    def pytest_configure(config):
        config.addinivalue_line("markers", "frozen_first: freeze before all else")

    def pytest_collection_modifyitems(items):
        for item in items:
            if item.get_closest_marker("frozen_first"):
                item.fixturenames.insert(0, "frozen")
"""


def test_a_test_that_sets_its_own_clock_keeps_it(project: Told, http: Service) -> None:
    now = project.tests(FREEZING, conftest__py=FIRST).recorded(http)
    assert len(set(now)) == 1
    project.backdate()
    assert project.replayed(http) == ["2001", "2001"]


# Seeds of others.


SEEDING = """
    @pytest.fixture
    def fixed():
        random.seed(7)

    @pytest.mark.vcr
    def test_seeds_itself():
        random.seed(7)
        assert random.random() == random.Random(7).random()
        ask()

    @pytest.mark.vcr
    def test_a_fixture_seeds(fixed):
        assert random.random() == random.Random(7).random()
        ask()

    @pytest.mark.vcr
    def test_seeds_with_nothing():
        random.seed()
        say(random.random())
        ask()
"""


def test_a_test_that_seeds_itself_draws_what_it_wants(project: Told, http: Service) -> None:
    first = project.tests(SEEDING).recorded(http)
    assert project.replayed(http) == first


RANDOMLY = """
    import faker as library, numpy

    @pytest.fixture
    def bucket():
        say("setup", random.random(), uuid.uuid4())
        yield
        say("teardown", random.random(), uuid.uuid4())

    @pytest.fixture(scope="module")
    def region():
        say("module", random.random(), numpy.random.rand(), uuid.uuid4())

    @pytest.mark.vcr
    def test_function(bucket, region, faker):
        say("call", random.random(), numpy.random.rand(), library.Faker().name(), faker.name())
        ask()

    @pytest.mark.vcr
    class TestUnittest(unittest.TestCase):
        def setUp(self):
            say("setUp", random.random(), uuid.uuid4())

        def test_method(self):
            say("method", random.random())
            ask()
"""


def test_pytest_randomly_does_not_change_what_a_marked_test_draws(project: Told, http: Service) -> None:
    project.tests(RANDOMLY)
    randomly = "-p", "randomly"
    first = sorted(project.recorded(http, *randomly, "--randomly-seed=1"))
    assert len(first) == 6
    assert sorted(project.replayed(http, *randomly, "--randomly-seed=2")) == first
    assert sorted(project.replayed(http, *randomly, "--randomly-seed=3")) == first
    without_faker = [re.sub(r"(?<=\d )\D+$", "", line) for line in first]
    assert sorted(re.sub(r"(?<=\d )\D+$", "", line) for line in project.replayed(http)) == without_faker


def test_under_xdist_each_test_draws_what_it_drew(project: Told, http: Service) -> None:
    text = "".join(
        f"""
    @pytest.mark.vcr
    def test_{n}():
        say({n}, uuid.uuid4(), random.random(), year())
        ask()
"""
        for n in range(6)
    )
    first = sorted(project.tests(text).recorded(http, "-n", "2"))
    assert len(set(first)) == 6
    assert sorted(project.replayed(http)) == first
    assert sorted(project.replayed(http, "-n", "2")) == first


MADE_BEFORE = """
    import names

    @pytest.mark.vcr
    def test_one():
        say("one", names.rng.random(), names.ids.getrandbits(32), names.chosen.random())
        ask()

    @pytest.mark.vcr
    def test_other():
        say("other", names.rng.random(), names.ids.getrandbits(32), names.chosen.random())
        ask()

    def test_unmarked():
        say("unmarked", names.rng.random())
"""
NAMES = """
    import random

    class Ids(random.Random):
        pass

    rng, ids, chosen = random.Random(), Ids(), random.Random(42)
"""


def test_generators_that_modules_made_before_draw_again_what_they_drew(project: Told, http: Service) -> None:
    project.tests(MADE_BEFORE, names__py=NAMES, conftest__py="import names")
    *first, unmarked = project.recorded(http)
    assert len({line.split()[1] for line in first}) == 2
    *again, drawn = project.replayed(http)
    assert again == first
    assert drawn != unmarked
    (other,) = project.replayed(http, "-k", "other")
    assert other.split()[:3] == first[1].split()[:3]
    randomly = project.replayed(http, "-n2", "-p", "randomly", "--randomly-seed=5", "-k", "not unmarked")
    assert sorted(line.split()[:3] for line in randomly) == [line.split()[:3] for line in first]


EXPIRING = """
    import datetime, email.utils

    @pytest.mark.vcr
    def test_a_token_is_valid_and_expires():
        answer = requests.get(os.environ["URL"] + "/json")
        issued = email.utils.parsedate_to_datetime(answer.headers["Date"])
        assert issued <= datetime.datetime.now(datetime.UTC) < issued + datetime.timedelta(seconds=60)
        expires = time.time() + 0.2
        assert time.time() < expires
        while time.time() < expires:
            time.sleep(0.05)
        say(year())
"""


def test_a_token_of_the_recording_is_valid_in_the_replay_and_expires_when_its_time_is_over(
    project: Told, http: Service
) -> None:
    project.tests(EXPIRING).recorded(http)
    project.backdate()
    assert project.replayed(http) == ["2001"]


def test_hypothesis_chooses_its_own_examples(project: Told, http: Service) -> None:
    text = """
        from hypothesis import given, settings, strategies as st

        @pytest.mark.vcr
        @settings(max_examples=5, database=None, derandomize=False)
        @given(st.integers(), st.randoms())
        def test_it(number, generator):
            say(number, generator.random(), random.random())

        @pytest.mark.vcr
        def test_after():
            say("after", uuid.uuid4(), random.random())
            ask()
    """
    plugin = "-p", "hypothesispytest"
    first = project.tests(text).recorded(http, *plugin)
    again = project.replayed(http, *plugin)
    assert again[-1] == first[-1]
    assert again[:-1] != first[:-1]


# Fixtures that outlive a test.


SCOPES = """
    @pytest.fixture(scope="module", params=["a", "b"])
    def bucket(request):
        name = f"{request.param}-{uuid.uuid4()}-{random.random()}"
        say("bucket", name, year())
        ask()
        yield name
        say("bucket gone", uuid.uuid4(), random.random(), year())
        ask()

    @pytest.mark.vcr
    def test_one(key, bucket):
        say("one", uuid.uuid4(), random.random())
        ask()

    def test_between(bucket):
        say("between", uuid.uuid4(), random.random())

    def setup_module():
        say("setup_module", uuid.uuid4())

    @pytest.mark.vcr
    class TestClass(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            say("setUpClass", uuid.uuid4(), year())
            ask()

        def test_it(self):
            ask()
"""
SESSION = """
    import random, uuid, pytest, requests
    from test_it import ask, say, year

    @pytest.fixture(scope="session")
    def key():
        say("key", uuid.uuid4(), random.random(), year())
        ask()
"""


def test_setup_and_teardown_of_shared_fixtures_draw_again_and_nothing_in_between(
    project: Told, http: Service
) -> None:
    first = project.tests(SCOPES, conftest__py=SESSION).recorded(http, "-p", "no:randomly")
    project.backdate()
    again = [re.sub(r"2001$", first[0][-4:], line) for line in project.replayed(http)]
    assert [line for line in again if "between" not in line] == [f for f in first if "between" not in f]
    assert not {line for line in again if "between" in line} & set(first)
    assert len(set(first)) == len(first) == 11
    # Another fixture, in front of those, and a selection change nothing either.
    more = (
        SCOPES
        + """
    @pytest.fixture(scope="module", autouse=True)
    def _added():
        say("added", uuid.uuid4(), random.random())
"""
    )
    project.tests(more)
    told = {
        re.sub(r"2001$", first[0][-4:], line)
        for line in project.replayed(http, "-k", "test_one or TestClass")
    }
    assert {line for line in told if "added" not in line} < set(first)
    assert sum("bucket" in line for line in told) == 4


def test_a_shared_fixture_without_traffic_does_not_need_the_cassette_of_its_scope(
    project: Told, http: Service
) -> None:
    text = """
        @pytest.fixture(scope="module")
        def quiet():
            say(uuid.uuid4())

        @pytest.fixture(scope="module")
        def loud():
            ask()

        @pytest.mark.vcr
        def test_quiet(quiet):
            ask()

        @pytest.mark.vcr
        def test_loud(loud):
            ask()
    """
    first = project.tests(text).recorded(http)
    assert project.replayed(http) == first
    tape = project.folder / "cassettes" / "test_it" / "_module.tape"
    tape.write_bytes(tape.read_bytes()[:-40])
    run, said = project.run(http)
    assert run.outcomes == {"passed": 1, "error": 1}
    assert "_module.tape" in run.output
    assert said != first


@pytest.mark.parametrize("scope", ["function", "module"])
def test_the_folder_of_cassettes_may_be_named_by_any_fixture(
    project: Told, http: Service, scope: str
) -> None:
    text = f"""
        @pytest.fixture(scope="module")
        def place():
            say("place")
            return "tapes"

        @pytest.fixture(scope="{scope}")
        def vcr_cassette_dir(place):
            return place

        @pytest.fixture(scope="module")
        def quiet():
            pass

        @pytest.mark.vcr
        def test_it(place, quiet):
            ask()
    """
    assert project.tests(text).recorded(http) == ["place"]
    assert project.replayed(http) == ["place"]
    assert list(project.tapes()) == ["tapes/test_it.tape"]


# Recording on.


@pytest.mark.parametrize("clock", ["tick", "stand"])
def test_what_is_added_to_a_recording_is_drawn_under_its_seed_and_signed_by_the_real_clock(
    project: Told, http: Service, clock: str
) -> None:
    text = f"""
        @pytest.mark.vcr(clock="{clock}")
        def test_it():
            say(uuid.uuid4(), random.random(), year())
            ask()
    """
    (now,) = project.tests(text).recorded(http)
    project.backdate()
    added = text.rstrip() + "\n            requests.get(os.environ['URL'] + '/binary')\n"
    assert project.tests(added).recorded(http, mode="new_episodes") == [now]
    assert project.replayed(http) == [re.sub(r"\d+$", "2001", now)]


# Where inputs reach, and where they do not.


def test_set_up_methods_and_threads_are_given_them_and_other_processes_are_not(
    project: Told, http: Service
) -> None:
    text = """
        @pytest.mark.vcr
        class TestUnittest(unittest.TestCase):
            def setUp(self):
                say("same", uuid.uuid4(), random.random())

            def tearDown(self):
                say("same", uuid.uuid4(), random.random())

            def test_it(self):
                thread = threading.Thread(target=lambda: say("same", uuid.uuid4()))
                thread.start()
                thread.join()
                ask()

        @pytest.mark.vcr
        def test_processes():
            script = "import uuid; print(uuid.uuid4())"
            child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
            say("other", child.stdout.strip())
            mine = uuid.uuid4()
            if not os.fork():
                say("other", uuid.uuid4(), random.random())
                os._exit(0)
            os.wait()
            say("same", mine, uuid.uuid4(), random.random())
            ask()
    """
    first = project.tests(text).recorded(http)
    again = project.replayed(http)
    assert [line for line in again if "same" in line] == [line for line in first if "same" in line]
    assert not {line for line in again if "other" in line} & set(first)
    assert len(set(first)) == len(first) == 6
