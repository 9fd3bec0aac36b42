"""What SLaM stores: tables, engine, repositories, migrations."""
