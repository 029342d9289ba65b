"""What is reported of a connection when it is over: how long it published, its bitrates and their quality. Pure."""

from signalling.reports.meter import SessionMeter
from signalling.reports.usage import FlowUsage, Usage

__all__ = ["FlowUsage", "SessionMeter", "Usage"]
