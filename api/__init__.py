"""JSON for other systems, described by OpenAPI at /api/openapi.json.

`late` keeps it out of the way until it is asked; `application` builds it; each resource is one module of `RESOURCES`.
"""
