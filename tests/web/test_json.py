"""How refusals are told over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint, IRefusingEndpoint
from chat.plugin import Scope
from chat.web.json import HttpProblem, problem_of


@implementer(IEndpoint)
class Plain:
    """Refuses as calls do."""

    method, path, scope, body = "GET", "plain", Scope.READ, dict[str, str]

    async def call(self, caller: Any, body: Any) -> Any: ...


@implementer(IRefusingEndpoint)
class Refusing(Plain):
    """Has words of its own."""

    def refusal(self, error: ChatError) -> tuple[int, Any]:
        return 200, {"code": error.code.wire, "message": error.detail}


@pytest.mark.parametrize("endpoint", [None, Plain()])
def test_a_refusal_is_told_in_the_envelope_of_failures(endpoint: Any) -> None:
    problem = problem_of(ChatError(ErrorCode.NO_SUCH_ROOM, "not here"), endpoint)
    assert (problem.status, problem.text, problem.headers) == (404, "not here", {})
    assert json.loads(problem.body) == {"status_code": 500, "data": "not here"}


def test_a_call_may_tell_its_refusals_in_another_way() -> None:
    problem = problem_of(ChatError(ErrorCode.NO_SUCH_ROOM, "not here"), Refusing())
    assert (problem.status, problem.text) == (404, "not here")
    assert json.loads(problem.body) == {"status_code": 200, "data": {"code": 802, "message": "not here"}}


def test_a_problem_of_http_is_told_in_the_envelope_of_failures() -> None:
    assert json.loads(HttpProblem(405, "no such method here", {"Allow": "GET"}).body)["data"] == "no such method here"
