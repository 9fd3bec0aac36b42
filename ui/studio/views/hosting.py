"""Hosting: GPU machines rented from AWS; what runs, what it costs, launch, take down, sweep."""

from datetime import UTC, datetime

import streamlit as st

from core.errors import SlamError
from core.hosting.aws.hosts import (
    LOCAL_ADDRESS,
    Host,
    forwarding_command,
    list_hosts,
    take_down,
)
from core.hosting.aws.launching import launch
from core.hosting.aws.planning import LaunchPlan, plan_launch
from core.hosting.aws.session import Cloud, connect
from core.hosting.aws.spec import HostSpec, make_spec
from core.hosting.aws.sweeping import Leftover, find_leftovers, remove_leftovers
from ui.plain import plain
from ui.studio.progress import in_words
from ui.studio.session import require_staff

_PLAN = "hosting_plan"
_LEFTOVERS = "hosting_leftovers"
_MESSAGE = "hosting_message"


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    st.title("Hosting")
    st.write(
        "GPU machines rented from AWS by the hour. Each ends by itself: when its hours are over, "
        "or sooner when nobody uses it."
    )
    if message := st.session_state.pop(_MESSAGE, None):
        st.success(plain(message))
    try:
        with st.spinner("Asking AWS what runs…"):
            cloud = connect()
            hosts = list_hosts(cloud)
    except SlamError as error:
        st.error(plain(error))
        st.caption("How to set hosting up stands in docs/hosting.md.")
        return
    _running(cloud, hosts)
    _launching(cloud, actor)
    _sweeping(cloud)


def _running(cloud: Cloud, hosts: list[Host]) -> None:
    st.subheader(f"Machines in {cloud.region}")
    if not hosts:
        st.info("No machine runs, and nothing is being paid for. Launch one below.")
        return
    now = datetime.now(UTC)
    for host in hosts:
        with st.container(border=True):
            _one(cloud, host, now)


def _one(cloud: Cloud, host: Host, now: datetime) -> None:
    st.markdown(f"**{plain(host.name)}**, {plain(host.state)}")
    st.caption(
        plain(
            f"{host.instance_type}, {host.market}, {host.zone}; {host.instance_id}, image "
            f"{host.image_id}; of {host.owner}"
        )
    )
    cost, price = host.cost_usd(now), host.usd_per_hour
    columns = st.columns(4)
    columns[0].metric("Cost so far", "unknown" if cost is None else f"${cost:.2f}")
    columns[1].metric("An hour", "unknown" if price is None else f"${price:.3f}")
    columns[2].metric("Age", in_words(now - host.launched_at))
    expires = host.expires_at
    columns[3].metric("Expires (UTC)", f"{expires:%m-%d %H:%M}" if expires else "unknown")
    if host.is_expired(now):
        st.warning("This machine's time is over; take it down. It must not be used any more.")
    elif host.state == "running":
        _access(host)
    sure = st.checkbox(f"Everything on {host.name} may be lost", key=f"sure_{host.instance_id}")
    if st.button("Take it down", key=f"down_{host.instance_id}", disabled=not sure):
        try:
            with st.spinner("Waiting until it is gone; this takes a few minutes…"):
                take_down(cloud, [host.instance_id])
        except SlamError as error:
            st.error(plain(error))
            return
        _say(f"{host.name} is gone.")


def _access(host: Host) -> None:
    with st.expander("Reach its Ollama"):
        st.write(
            f"Set-up takes about ten minutes after the launch, and the machine ends after "
            f"{host.idle_minutes or 'some'} minutes without a request. From your own machine, with "
            "AWS's command and its session-manager-plugin:"
        )
        st.code(forwarding_command(host), language="sh", wrap_lines=True)
        st.write(f"Then Ollama answers at `{LOCAL_ADDRESS}` there.")
        st.caption("Do not measure latency through this tunnel: it adds its own.")


def _launching(cloud: Cloud, actor: str) -> None:
    st.subheader("Launch a machine")
    spec = _form(actor)
    if spec is not None:
        st.session_state.pop(_PLAN, None)
        try:
            with st.spinner("Asking AWS for the price…"):
                st.session_state[_PLAN] = plan_launch(cloud, make_spec(**spec), datetime.now(UTC))
        except SlamError as error:
            st.error(plain(error))
    if plan := st.session_state.get(_PLAN):
        _confirm(cloud, plan)


def _form(actor: str) -> dict[str, object] | None:
    """What was asked for, when the button was pressed."""
    fields = HostSpec.model_fields
    with st.form("host_form"):
        left, right = st.columns(2)
        name = left.text_input("Name", "bench", key="host_name", help="One name is one machine.")
        instance_type = right.text_input(
            "Instance type", fields["instance_type"].default, key="host_type",
            help="g4dn.2xlarge is the paper's: one T4 with 16 GiB.",
        )  # fmt: skip
        market = left.segmented_control(
            "Market", ["on-demand", "spot"], default="on-demand", required=True, key="host_market",
            help="Spot is cheaper, and AWS may take the machine back at any time.",
        )  # fmt: skip
        hours = right.number_input("Hours until it ends", 1, 168, fields["hours"].default)
        models = st.text_area(
            "Models to pull, one a line", key="host_models", placeholder="llama2:7b-chat-q2_K"
        )
        with st.expander("More"):
            owner = st.text_input("Owner", actor, key="host_owner")
            idle = st.number_input(
                "Ends after so many idle minutes", 15, 1440, fields["idle_minutes"].default
            )
            volume = st.number_input("Disk in GB", 80, 2000, fields["volume_gb"].default)
            version = st.text_input("Ollama version", fields["ollama_version"].default)
            context = st.number_input(
                "Context length in tokens", 256, 1_048_576, fields["context_length"].default
            )
            parallel = st.number_input("Requests at a time", 1, 64, fields["num_parallel"].default)
            source = st.text_input(
                "Install SLaM's daemon from", placeholder="git+https://host/repo@tag",
                help="Probes then run on the machine itself and not through a tunnel.",
            )  # fmt: skip
            parameter = st.text_input(
                "SSM parameter with the daemon's database address", placeholder="/slam/database-url"
            )
            port = st.number_input("Port of that database", 1, 65535, 5432)
        asked = st.form_submit_button("Show the price", key="host_price_button")
    if not asked:
        return None
    return {
        "name": name.strip(),
        "owner": owner.strip(),
        "instance_type": instance_type.strip(),
        "market": market,
        "models": [line for line in models.splitlines() if line.strip()],
        "hours": int(hours),
        "idle_minutes": int(idle),
        "volume_gb": int(volume),
        "ollama_version": version.strip(),
        "context_length": int(context),
        "num_parallel": int(parallel),
        "daemon_source": source.strip() or None,
        "database_url_parameter": parameter.strip() or None,
        "database_port": int(port),
    }


def _confirm(cloud: Cloud, plan: LaunchPlan) -> None:
    spec, machine, price = plan.spec, plan.machine, plan.quote
    with st.container(border=True):
        st.markdown(f"**{plain(spec.name)}**, {plain(machine.instance_type)}, {spec.market}")
        st.caption(
            plain(
                f"{machine.vcpus} vCPU, {machine.gpus}, {machine.gpu_memory_gib:g} GiB; "
                f"{plan.region}; image {plan.image_id}"
            )
        )
        left, right = st.columns(2)
        left.metric("An hour", f"${price.usd_per_hour:.3f}")
        right.metric("At most, until it expires", f"${plan.most_usd:.2f}")
        st.caption(
            plain(
                f"${price.machine_usd_per_hour:.3f} the machine, ${price.extras_usd_per_hour:.3f} "
                f"its disk and address, by {price.source}. {spec.hours} hours."
            )
        )
        # The tick belongs to this very plan: another price asks for another one.
        agreed = st.checkbox(
            plain(f"Launch it, and spend ${plan.most_usd:.2f} at most"), key=f"agreed_{hash(plan)}"
        )
        if st.button("Launch", type="primary", key="host_launch_button", disabled=not agreed):
            _launch(cloud, plan)


def _launch(cloud: Cloud, plan: LaunchPlan) -> None:
    try:
        with st.spinner("Launching; this takes up to a minute…"):
            launched = launch(cloud, plan, datetime.now(UTC))
    except SlamError as error:
        st.error(plain(error))
        return
    st.session_state.pop(_PLAN)
    how = "is launched" if launched.is_new else "was launched before; nothing new was launched"
    _say(f"{plan.spec.name} {how} ({launched.host.instance_id} in {launched.host.zone}).")


def _sweeping(cloud: Cloud) -> None:
    st.subheader("Sweep")
    st.write("Finds what has expired or was left behind in this region, and removes it.")
    if st.button("Look for leftovers", key="sweep_look"):
        try:
            with st.spinner("Looking…"):
                st.session_state[_LEFTOVERS] = find_leftovers(cloud, datetime.now(UTC))
        except SlamError as error:
            st.error(plain(error))
    found: list[Leftover] | None = st.session_state.get(_LEFTOVERS)
    if found is None:
        return
    if not found:
        st.info("Nothing is left behind.")
        return
    for one in found:
        st.markdown(f"- {one.kind}: `{one.identifier}` ({plain(one.reason)})")
    if st.button(f"Remove these {len(found)}", key="sweep_remove"):
        st.session_state.pop(_LEFTOVERS)
        try:
            with st.spinner("Removing; machines take a few minutes to end…"):
                remove_leftovers(cloud, found)
        except SlamError as error:
            st.error(plain(error))
            return
        _say(f"Removed {len(found)}.")


def _say(message: str) -> None:
    """Show a message on the page's next run, which also reads anew what there is."""
    st.session_state[_MESSAGE] = message
    st.rerun()


page()
