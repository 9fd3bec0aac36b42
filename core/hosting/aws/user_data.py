"""The set-up script that a machine runs at its first start, with its values filled in."""

import shlex
from datetime import datetime
from importlib.resources import files

from core.hosting.aws.spec import HostSpec

_PLACE = "# @settings@\n"
MAX_BYTES = 16_384
"""What EC2 takes: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"""


def render_user_data(spec: HostSpec, region: str, expires_at: datetime) -> str:
    """The script for one machine. It holds no secret: whoever is on the machine can read it.

    The values have passed the spec's patterns, and each is quoted for the shell besides.
    """
    values = {
        "HOST_NAME": spec.name,
        "REGION": region,
        "HOURS": spec.hours,
        "EXPIRES_AT_S": int(expires_at.timestamp()),
        "IDLE_MINUTES": spec.idle_minutes,
        "OLLAMA_PINNED": spec.ollama_version,
        "CONTEXT_LENGTH": spec.context_length,
        "NUM_PARALLEL": spec.num_parallel,
        "DAEMON_SOURCE": spec.daemon_source or "",
        "DATABASE_URL_PARAMETER": spec.database_url_parameter or "",
    }
    lines = [f"{name}={shlex.quote(str(value))}\n" for name, value in values.items()]
    lines.append(f"MODELS=({' '.join(shlex.quote(model) for model in spec.models)})\n")
    template = (files("core.hosting.aws") / "user-data.sh").read_text("utf-8")
    before, _, after = template.partition(_PLACE)
    return f"{before}{''.join(lines)}{after}"
