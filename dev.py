#!/usr/bin/env python3
"""One command for everything a developer does. Needs Python 3.11 or newer and nothing else.

python3 dev.py demo         set up, load sample answers, start everything, print the address and three log-ins
python3 dev.py test [...]   set up and run the tests; further arguments go to pytest
python3 dev.py setup        only make .venv from the hashed lock; `.venv/bin/python manage.py ...` works afterwards
python3 dev.py lint         formatter, linter, types, import contracts, templates, migrations, locks, catalogues
python3 dev.py lock [...]   write the locks anew from pyproject.toml; further arguments go to uv (`--upgrade`)
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCKS = {
    # name: (file, dependency groups of pyproject.toml, lock whose versions it keeps)
    "base": ("requirements.txt", (), None),
    "test": ("requirements-test.txt", ("test", "e2e"), "requirements.txt"),
    "lint": ("requirements-lint.txt", ("test", "e2e", "lint"), "requirements-test.txt"),
    "statistics": ("requirements-statistics.txt", ("statistics",), "requirements-lint.txt"),
}


def setup(*locks, needed=True):
    """Make .venv when there is none for this Python and install `locks` in it; nothing when that is done already.

    What is not needed and cannot be installed here is said, and left out.
    """
    stamps = {lock: stamp(lock) for lock in locks}
    if PYTHON.exists() and all(path.exists() for path in stamps.values()):
        return
    with one_at_a_time():
        if not (PYTHON.exists() and interpreter_stamp().exists()):
            make_venv()
        for lock, path in stamps.items():
            if not path.exists() and install(lock, needed):
                path.touch()


def interpreter_stamp():
    """Return the file that says that .venv was made here by this very Python."""
    return VENV / "nps-loop-stamps" / digest(sys.version, str(Path(sys.base_prefix)), str(VENV))


def stamp(lock):
    """Return the file that says that `lock`, as it reads now, is installed."""
    return VENV / "nps-loop-stamps" / digest(interpreter_stamp().name, lock, (ROOT / LOCKS[lock][0]).read_text())


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def make_venv():
    """Make .venv anew, with pip where this Python brings it and without where a distribution has split it off."""
    say("Making .venv")
    if VENV.is_symlink():
        # Clearing it would empty the folder of somebody else.
        VENV.unlink()
    base = [sys.executable, "-m", "venv", "--clear"]
    made = subprocess.run([*base, str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        run([*base, "--without-pip", str(VENV)])
    path = interpreter_stamp()
    path.parent.mkdir()
    path.touch()


def install(lock, needed):
    """Install one lock: every file is checked against its hash. Returns whether it is there; ends where it must be."""
    say("Installing {} (once)".format(LOCKS[lock][0]))
    arguments = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    arguments += ["-r", str(ROOT / LOCKS[lock][0])]
    if subprocess.run(
        [str(PYTHON), "-m", "pip", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ).returncode:
        # .venv has no pip of its own: the one of this Python installs into it.
        if subprocess.run([sys.executable, "-m", "pip", "--version"], stdout=subprocess.PIPE).returncode:
            sys.exit("This Python has no pip. Install it (Debian: apt install python3-venv python3-pip) and try again.")
        command = [sys.executable, "-m", "pip", "--python", str(PYTHON), *arguments]
    else:
        command = [str(PYTHON), "-m", "pip", *arguments]
    code = subprocess.run(command, cwd=str(ROOT)).returncode
    if code and needed:
        sys.exit(code)
    if code:
        say("{} is not installed here: the tests that need it are skipped by name".format(LOCKS[lock][0]))
    return not code


def one_at_a_time():
    """Return a context in which no other `dev.py` of this folder installs anything."""
    import contextlib

    @contextlib.contextmanager
    def locked():
        with open(ROOT / ".venv.lock", "w") as file:
            try:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            except ImportError:
                pass
            yield

    return locked()


def demo(arguments):
    setup("base")
    # The demo has its own settings: DEMO takes no .env file, no mail server and a secret of its own.
    hand_over([str(PYTHON), "manage.py", "demo", *arguments], DEMO="1")


def test(arguments):
    setup("base", "test")
    setup("statistics", needed=False)
    command = [str(PYTHON), "-m", "pytest"]
    if not any(
        argument.startswith(("-n", "--numprocesses", "--pdb")) or argument == "no:xdist" for argument in arguments
    ):
        # Two, on however many processors: races of fifty threads each leave a database few connections for more.
        command += ["-n", "2", "--dist", "worksteal"]
    hand_over(command + arguments)


def lint(arguments):
    setup("base", "test", "lint")
    sources = ["nps_loop", "surveys", "followups", "tests", "manage.py", "dev.py"]
    python = [str(PYTHON), "-m"]
    steps = {
        "format": [*python, "ruff", "format", "--check", *sources],
        "lint": [*python, "ruff", "check", *sources],
        "types": [*python, "mypy"],
        "import contracts": [str(PYTHON.with_name("lint-imports"))],
        "templates": [*python, "djlint", "templates", "--lint", "--quiet"],
        "migrations": [str(PYTHON), "manage.py", "makemigrations", "--check", "--dry-run"],
        "locks": [sys.executable, __file__, "check-locks"],
        "catalogues": [*python, "nps_loop.catalogues", "--check"],
    }
    failed = []
    with tempfile.TemporaryDirectory() as data:
        # Neither a developer's .env nor their data take part.
        environment = dict(os.environ, ENV_FILE=os.devnull, DATA_DIR=data)
        for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS"):
            environment.pop(name, None)
        for name, command in steps.items():
            say(name)
            if subprocess.run(command, cwd=str(ROOT), env=environment).returncode:
                failed.append(name)
    if failed:
        sys.exit("Failed: " + ", ".join(failed))
    say("All {} checks pass".format(len(steps)))


def lock(arguments):
    """Write each lock from pyproject.toml: for every platform, with hashes, without the address of any index."""
    setup("base", "test", "lint")
    for file, groups, kept in LOCKS.values():
        command = [str(PYTHON), "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet", "-o", file]
        command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        command += ["--custom-compile-command", "python3 dev.py lock"]
        for group in groups:
            command += ["--group", group]
        if kept:
            command += ["-c", kept]
        run(command + arguments, stdout=subprocess.DEVNULL)
    check_locks([])


def check_locks(arguments):
    """Fail when a lock names a host: which mirror somebody used is nobody's business and breaks for everybody else."""
    for file, _, _ in LOCKS.values():
        for number, line in enumerate((ROOT / file).read_text().splitlines(), 1):
            if "://" in line or line.startswith("-"):
                sys.exit("{}:{} names a host or an option: {}".format(file, number, line))


def hand_over(command, **extra):
    """Become `command`, so that signals and exit codes are its own."""
    environment = dict(os.environ, **extra)
    os.chdir(str(ROOT))
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(subprocess.run(command, env=environment).returncode)
    os.execve(command[0], command, environment)


def run(command, **options):
    """Run `command` here and end with its exit code when it fails."""
    code = subprocess.run(command, cwd=str(ROOT), **options).returncode
    if code:
        sys.exit(code)


def say(what):
    print("== " + what, flush=True)


COMMANDS = {
    "setup": lambda arguments: setup("base"),
    "demo": demo,
    "test": test,
    "lint": lint,
    "lock": lock,
    "check-locks": check_locks,
}

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit("nps_loop needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info[:2]))
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](sys.argv[2:])
