using Dapper;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IPeopleStore"/>
internal sealed class SqlitePeopleStore(SqliteDatabase database) : IPeopleStore
{
    public PeopleNews Load()
    {
        using SqliteConnection connection = database.Open();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        ILookup<string, IdentityRow> identities = connection.Query<IdentityRow>("SELECT kind, value, person FROM person_identities ORDER BY kind, value", transaction: transaction).ToLookup(static i => i.Person, StringComparer.Ordinal);
        return new PeopleNews(
            0,
            [.. connection.Query<PersonRow>("SELECT name, grants, created, removed FROM people", transaction: transaction).Select(p => p.ToPerson(identities[p.Name]))],
            [.. connection.Query<TokenRow>("SELECT id, person, name, sha256, roles, created, created_by AS CreatedBy, expires, revoked FROM api_tokens", transaction: transaction).Select(static t => t.ToToken())]);
    }

    /// <summary>Never null: one server holds the data folder, and knows what it changed.</summary>
    public long? Save(long known, PeopleChange change, AccessDecision decision)
    {
        database.Write((connection, transaction) => Save(connection, transaction, change, decision));
        return known;
    }

    private static void Save(SqliteConnection connection, SqliteTransaction transaction, PeopleChange change, AccessDecision decision)
    {
        if (change.Person is { } person)
        {
            connection.Execute(
                """
                INSERT INTO people (name, grants, created, removed) VALUES (@Name, @Grants, @Created, @Removed)
                ON CONFLICT (name) DO UPDATE SET grants = excluded.grants, removed = excluded.removed
                """,
                PersonRow.From(person),
                transaction);
            connection.Execute("DELETE FROM person_identities WHERE person = @Name", new { person.Name }, transaction);
            connection.Execute("INSERT INTO person_identities (kind, value, person) VALUES (@Kind, @Value, @Person)", person.Identities.Select(i => IdentityRow.From(person, i)), transaction);
        }

        // A token changes in one way alone, and never back.
        connection.Execute(
            """
            INSERT INTO api_tokens (id, person, name, sha256, roles, created, created_by, expires, revoked)
            VALUES (@Id, @Person, @Name, @Sha256, @Roles, @Created, @CreatedBy, @Expires, @Revoked)
            ON CONFLICT (id) DO UPDATE SET revoked = coalesce(api_tokens.revoked, excluded.revoked)
            """,
            change.Tokens.Select(TokenRow.From),
            transaction);
        SqliteAccessDecisionStore.Save(connection, transaction, decision);
    }
}
