"""How a view answers: with a schema, which becomes JSON here, and with which failures, which the document names."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi import APIBlueprint, OpenAPI
from pydantic import BaseModel

from moviefinder.web.problems import MEDIA_TYPE
from moviefinder.web.schemas import Problem
from moviefinder.web.security import JsonRequest


class Api(OpenAPI):
    """Flask with typed views whose answers may be schemas."""

    request_class = JsonRequest

    def register_api(self, api: APIBlueprint, **options: Any) -> None:
        """Take the views of a noun in; of an address that another noun has views of, the document keeps both."""
        told = dict(self.paths)
        super().register_api(api, **options)
        for path, operations in told.items():
            of_both = dict(operations) | {name: one for name, one in self.paths[path] if one is not None}
            self.paths[path] = operations.model_copy(update=of_both)

    def make_response(self, rv: Any) -> Response:
        """Turn what a view returned into a response: a schema, or a schema and a status."""
        if isinstance(rv, BaseModel):
            return Response(rv.model_dump_json(), mimetype="application/json")
        response: Response = super().make_response(rv)
        return response


def failures(*statuses: int) -> dict[str | int, Any]:
    """The failures of a view for the API document, each a problem document."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }
