using Dapper;
using Fota.Manifest;
using Microsoft.Data.Sqlite;

namespace Fota.UpdateServer.Storage.Sqlite;

/// <inheritdoc cref="IOperatorStore"/>
internal sealed class SqliteOperatorStore(SqliteDatabase database) : IOperatorStore
{
    public IReadOnlyList<(string Name, Sha256Digest Digest)> Load()
    {
        using SqliteConnection connection = database.Open();
        return [.. connection.Query<TokenRow>("SELECT name, sha256 FROM operator_tokens").Select(static r => (r.Name, Sha256Digest.FromBytes(r.Sha256)))];
    }

    public void Add(string name, Sha256Digest digest, DateTimeOffset created) => database.Write((connection, transaction) =>
        connection.Execute(
            "INSERT INTO operator_tokens (name, sha256, created) VALUES (@name, @sha256, @created)",
            new { name, sha256 = digest.Bytes.ToArray(), created = created.ToUnixTimeMilliseconds() },
            transaction));

    private sealed record TokenRow(string Name, byte[] Sha256);
}
