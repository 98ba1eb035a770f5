"""Run the migrations as the owner of the tables, one at a time, and never wait long for a lock."""

from alembic import context
from sqlalchemy import create_engine, pool, text

LOCK = 7_205_759_403


def run() -> None:
    engine = create_engine(
        context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.commit()
        context.configure(
            connection=connection, transaction_per_migration=True, target_metadata=None
        )
        with context.begin_transaction():
            context.run_migrations()


run()
