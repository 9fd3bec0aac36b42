"""``slam host``: rent a GPU machine from AWS, see what it costs, take it down, sweep up."""

import getpass
from datetime import UTC, datetime, timedelta

import click

from core.hosting.aws.hosts import (
    LOCAL_ADDRESS,
    Host,
    find_host,
    forwarding_command,
    list_hosts,
    take_down,
    usable_host,
)
from core.hosting.aws.launching import already_launched, launch
from core.hosting.aws.planning import LaunchPlan, plan_launch
from core.hosting.aws.session import connect
from core.hosting.aws.spec import HostSpec, make_spec
from core.hosting.aws.sweeping import find_leftovers, remove_leftovers

_COLUMNS = "{:<16} {:<13} {:<14} {:<14} {:>9} {:<21} {:>8} {:>8} {:>9}"


def _default(field: str) -> object:
    return HostSpec.model_fields[field].default


region_option = click.option("--region", help="AWS region; by default AWS_REGION or the profile's.")


@click.group("host")
def host() -> None:
    """Rent a GPU machine from AWS, and give it back."""


@host.command("up")
@click.option("--name", default="bench", show_default=True, help="One name is one machine.")
@click.option("--owner", default=getpass.getuser, help="Who pays attention to it; you by default.")
@click.option("--type", "instance_type", default=_default("instance_type"), show_default=True)
@click.option("--spot", is_flag=True, help="Cheaper, and AWS may take it back at any time.")
@click.option("--model", "models", multiple=True, help="A model to pull; may be given repeatedly.")
@click.option("--hours", default=_default("hours"), show_default=True, help="Until it ends.")
@click.option(
    "--idle-minutes",
    default=_default("idle_minutes"),
    show_default=True,
    help="Ends sooner after as long without a request.",
)
@click.option("--volume-gb", default=_default("volume_gb"), show_default=True)
@click.option("--ollama-version", default=_default("ollama_version"), show_default=True)
@click.option("--context-length", default=_default("context_length"), show_default=True)
@click.option("--num-parallel", default=_default("num_parallel"), show_default=True)
@click.option("--daemon-source", help="Install SLaM's daemon from this git+https or https address.")
@click.option("--database-url-parameter", help="SSM SecureString that holds its DATABASE_URL.")
@click.option("--database-port", default=_default("database_port"), show_default=True)
@click.option("--yes", is_flag=True, help="Launch without asking; the price is printed anyway.")
@region_option
def up_command(region: str | None, yes: bool, spot: bool, **values: object) -> None:
    """Launch a machine, after its price was shown and confirmed."""
    spec = make_spec(**values, market="spot" if spot else "on-demand")
    cloud = connect(region)
    if machine := already_launched(cloud, spec, _now()):
        click.echo("It was launched before; nothing new is launched.")
        click.echo(_host_in_words(machine, _now()))
    else:
        plan = plan_launch(cloud, spec, _now())
        click.echo(_plan_in_words(plan))
        if not yes:
            click.confirm("Launch it?", abort=True)
        machine = launch(cloud, plan, _now()).host
        click.echo(
            f"Launched {machine.instance_id} in {machine.zone}; "
            f"it expires {_moment(machine.expires_at)}."
        )
    click.echo("The set-up takes about ten minutes; then Ollama is reached like this:")
    click.echo(_access_in_words(machine))


@host.command("list")
@region_option
def list_command(region: str | None) -> None:
    """All machines of ours in the region, with what they cost so far."""
    cloud, now = connect(region), _now()
    hosts = list_hosts(cloud)
    if not hosts:
        click.echo(f"There is no machine in {cloud.region}.")
        return
    titles = ("name", "state", "type", "region", "age", "expires (UTC)", "idle", "$/hour", "cost")
    click.echo(_COLUMNS.format(*titles))
    for one in hosts:
        click.echo(_row(one, now))
    known = [cost for one in hosts if (cost := one.cost_usd(now)) is not None]
    click.echo(f"Together ${sum(known):.2f} so far, at the prices of their launch.")


@host.command("status")
@click.argument("name", default="bench")
@region_option
def status_command(name: str, region: str | None) -> None:
    """One machine: what it is, what it costs, how it is reached."""
    cloud, now = connect(region), _now()
    one = find_host(cloud, name)
    if one is not None:
        click.echo(_host_in_words(one, now))
    click.echo(_access_in_words(usable_host(cloud, name, now)))


@host.command("down")
@click.argument("name", default="bench")
@region_option
def down_command(name: str, region: str | None) -> None:
    """End a machine and wait until it is gone, with its disk and everything on it."""
    cloud = connect(region)
    one = find_host(cloud, name)
    if one is None:
        click.echo(f"There is no machine {name!r} in {cloud.region}; nothing was taken down.")
        return
    click.echo(f"Taking {name} ({one.instance_id}) down; this takes a few minutes…")
    take_down(cloud, [one.instance_id])
    click.echo(f"It is gone. It cost {_dollars(one.cost_usd(_now()))}.")


@host.command("sweep")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and stop.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@region_option
def sweep_command(dry_run: bool, yes: bool, region: str | None) -> None:
    """Remove what has expired or was left behind: machines, disks, security groups, roles."""
    cloud = connect(region)
    leftovers = find_leftovers(cloud, _now())
    if not leftovers:
        click.echo(f"Nothing is left behind in {cloud.region}.")
        return
    for one in leftovers:
        click.echo(f"  {one.kind}: {one.identifier} ({one.reason})")
    if dry_run:
        click.echo("Nothing was removed: this was a dry run.")
        return
    if not yes:
        click.confirm(f"Remove these {len(leftovers)}?", abort=True)
    remove_leftovers(cloud, leftovers)
    click.echo(f"Removed {len(leftovers)}.")


def _plan_in_words(plan: LaunchPlan) -> str:
    spec, machine, price = plan.spec, plan.machine, plan.quote
    lines = [
        f"{spec.name}: {machine.instance_type} ({machine.vcpus} vCPU, {machine.gpus}, "
        f"{machine.gpu_memory_gib:g} GiB), {spec.market}, {plan.region}",
        f"  image    {plan.image_id}",
        f"  price    ${price.usd_per_hour:.3f} an hour: ${price.machine_usd_per_hour:.3f} the "
        f"machine, ${price.extras_usd_per_hour:.3f} its disk and address",
        f"           by {price.source}",
        f"  at most  ${plan.most_usd:.2f} until it expires, {spec.hours} h after its launch",
        f"  sooner   it ends by itself after {spec.idle_minutes} minutes without a request",
        f"  models   {', '.join(spec.models) or 'none; pull them later'}",
    ]
    if spec.installs_daemon:
        lines.append(f"  daemon   {spec.daemon_source}")
    return "\n".join(lines)


def _host_in_words(one: Host, now: datetime) -> str:
    price = "unknown" if one.usd_per_hour is None else f"${one.usd_per_hour:.3f}"
    lines = [
        f"{one.name}: {one.state}, {one.instance_type}, {one.market}, {one.zone}",
        f"  machine  {one.instance_id}, image {one.image_id}, of {one.owner}",
        f"  age      {_span(one.age(now))}, since {_moment(one.launched_at)}",
        f"  expires  {_moment(one.expires_at)}, or after {one.idle_minutes or '?'} idle minutes",
        f"  cost     {_dollars(one.cost_usd(now))} so far, at {price} an hour",
    ]
    return "\n".join(lines)


def _access_in_words(one: Host) -> str:
    return (
        f"  {forwarding_command(one)}\n"
        f"  and, in another shell, OLLAMA_HOST={LOCAL_ADDRESS}\n"
        "Do not measure latency through this tunnel: it adds its own. Probes belong on the machine "
        "itself (--daemon-source)."
    )


def _row(one: Host, now: datetime) -> str:
    expired = " (over)" if one.is_expired(now) else ""
    expires = f"{one.expires_at:%m-%d %H:%M}{expired}" if one.expires_at else "unknown"
    return _COLUMNS.format(
        one.name,
        one.state,
        one.instance_type,
        one.region,
        _span(one.age(now)),
        expires,
        f"{one.idle_minutes} min" if one.idle_minutes else "unknown",
        "unknown" if one.usd_per_hour is None else f"{one.usd_per_hour:.3f}",
        _dollars(one.cost_usd(now)),
    )


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.2f}"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "at an unknown time"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


def _now() -> datetime:
    return datetime.now(UTC)
