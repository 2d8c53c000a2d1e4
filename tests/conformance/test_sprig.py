"""Every recorded call of a Sprig function: what Go's `text/template` with Sprig 3.3.0 answers (spec/flux.md 5.9).

The versions are those of Masterminds/semver 3.5.0, which the controllers carry. A row whose `wording` is ours fails as
the reference does, and says why in other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from imgupdate.templates.sprig import FUNCTIONS, REFUSED
from tests.conformance.test_templates import read, rendered, with_packages

ROWS = read("sprig.jsonl")

ALLOWED_NAMES = """
abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt
biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains decryptAES deepCopy deepEqual
default derivePassword dict dig dir div divf duration durationRound empty encryptAES ext fail first float64 floor
fromJson genCA genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey
get has hasKey hasPrefix hasSuffix hello htpasswd indent initial initials int int64 isAbs join kebabcase keys kindIs
kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact
mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend
mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit
mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout
must_date_modify nindent nospace omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend push quote randInt
regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest
reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase sortAlpha split splitList
splitn squote sub subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString toStrings
trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until untilStep
untitle upper urlJoin urlParse values without wrap wrapWith
"""

REMOVED_NAMES = """
date date_in_zone date_modify now htmlDate htmlDateInZone dateInZone dateModify randAlphaNum randAlpha randAscii
randNumeric randBytes uuidv4 env expandenv getHostByName
"""
ALLOWED, REMOVED = ALLOWED_NAMES.split(), REMOVED_NAMES.split()


def in_the_same_place(error: str, reference: str) -> bool:
    """Whether two errors are of the same call; text that is not plain ASCII is written otherwise in ours."""
    called = re.compile(r"error calling \w+: ")
    ours, theirs = called.search(error), called.search(reference)
    return ours is not None and theirs is not None and ours[0] == theirs[0]


def test_every_recorded_call_answers_as_the_reference_does(tell: Callable[[str], None]) -> None:
    wrong = []
    for row in ROWS:
        output, error = rendered(row["template"], row["changes"])
        wanted = [with_packages(text) for text in row["output"]]
        reference = with_packages(row["error"])
        if reference:
            right = in_the_same_place(error, reference) if row.get("wording") == "ours" else error == reference
        else:
            right = output in wanted
        if not right:
            wrong.append((row["template"], wanted, reference, output, error))

    tell(f"{len(ROWS) - len(wrong)} of {len(ROWS)} calls")
    assert wrong == []


def test_every_function_of_sprig_is_offered_or_refused() -> None:
    assert len(ALLOWED) == 194
    assert FUNCTIONS.keys() | REFUSED.keys() == {*ALLOWED, *REMOVED}
    assert FUNCTIONS.keys() & REFUSED.keys() == set()
    assert set(REMOVED) <= REFUSED.keys()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_is_recorded_at_least_twice(name: str) -> None:
    call = re.compile(rf'(?<![\w.$"]){name}(?!\w)')

    assert sum(bool(call.search(row["template"])) for row in ROWS) >= 2


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_each_refused_function_is_an_error_that_says_why(name: str) -> None:
    output, error = rendered(f"{{{{ {name} }}}}", "none")

    assert output is None
    assert f'function "{name}" not defined' in error
    assert REFUSED[name].startswith(f"the function {name} cannot be used: ")
    assert REFUSED[name].count(" ") >= 12
