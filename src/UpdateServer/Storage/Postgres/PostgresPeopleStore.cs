using Dapper;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Npgsql;

namespace Fota.UpdateServer.Storage.Postgres;

/// <inheritdoc cref="IPeopleStore"/>
internal sealed class PostgresPeopleStore(PostgresDatabase database) : IPeopleStore
{
    public PeopleNews Load() => database.Read(static (connection, transaction) =>
    {
        ILookup<string, IdentityRow> identities = connection.Query<IdentityRow>("SELECT kind, value, person FROM person_identities ORDER BY kind, value", transaction: transaction)
            .ToLookup(static i => i.Person, StringComparer.Ordinal);
        return new PeopleNews(
            connection.QuerySingle<long>("SELECT changed FROM access", transaction: transaction),
            [.. connection.Query<PersonRow>("SELECT name, grants, created, removed FROM people", transaction: transaction).Select(p => p.ToPerson(identities[p.Name]))],
            [.. connection.Query<TokenRow>("SELECT id, person, name, sha256, roles, created, created_by AS CreatedBy, expires, revoked FROM api_tokens", transaction: transaction).Select(static t => t.ToToken())]);
    });

    public long? Save(long known, PeopleChange change, AccessDecision decision) => database.Write((connection, transaction) =>
    {
        // The row is this change's until it is committed; another server's that comes in between finds another number.
        if (connection.Execute("UPDATE access SET changed = changed + 1 WHERE changed = @known", new { known }, transaction) == 0)
        {
            return ((long?)null, false);
        }

        if (change.Person is { } person)
        {
            SavePerson(connection, transaction, person);
        }

        foreach (ApiToken token in change.Tokens)
        {
            // A token changes in one way alone, and never back.
            connection.Execute(
                """
                INSERT INTO api_tokens (id, person, name, sha256, roles, created, created_by, expires, revoked)
                VALUES (@Id, @Person, @Name, @Sha256, @Roles, @Created, @CreatedBy, @Expires, @Revoked)
                ON CONFLICT (id) DO UPDATE SET revoked = coalesce(api_tokens.revoked, excluded.revoked)
                """,
                TokenRow.From(token),
                transaction);
        }

        PostgresAccessDecisionStore.Save(connection, transaction, decision);
        database.Tell(connection, transaction, Topics.People);
        return (known + 1, true);
    });

    private static void SavePerson(NpgsqlConnection connection, NpgsqlTransaction transaction, Person person)
    {
        connection.Execute(
            """
            INSERT INTO people (name, grants, created, removed) VALUES (@Name, @Grants, @Created, @Removed)
            ON CONFLICT (name) DO UPDATE SET grants = excluded.grants, removed = excluded.removed
            """,
            PersonRow.From(person),
            transaction);
        connection.Execute("DELETE FROM person_identities WHERE person = @Name", new { person.Name }, transaction);
        foreach (PersonIdentity identity in person.Identities)
        {
            connection.Execute("INSERT INTO person_identities (kind, value, person) VALUES (@Kind, @Value, @Person)", IdentityRow.From(person, identity), transaction);
        }
    }
}
