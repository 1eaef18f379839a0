"""What the newest releases change: the drift between the versions that were tested and those that people get today.

`python -m tests.drift` bakes each framework with the newest versions that its requirements admit and runs the project's
own checks, runs the local host's tests with the newest runtime packages, looks for the defects that the project works
around in the newest of all packages, and runs the frameworks' own suites of their newest versions. Its report says
which release breaks what, and which release a requirement holds back.

versions.py      which versions were tested, and what holds a newer one back
requirements.py  what the table of frameworks requires
commands.py      runs a command and keeps what it prints
environment.py   virtual environments, and what the resolver finds for them today
checks.py        carries checks out, side by side, each with its failures
blame.py         tells which of the new versions a failure comes from
projects.py      the check of a baked project
own_tests.py     checks that are tests of this repository
host.py          of these, those of the local host
defects.py       of these, those of what other packages do wrong
suites.py        the check of the middleware by a framework's own suite
survey.py        all checks of one run
comparison.py    what was tested, what is admitted today, and what there is
report.py        tells it in Markdown
"""
